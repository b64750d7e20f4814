import { vppLaw } from "../../lab/vpp-law.ts";

vppLaw(1, 2);
