/** FRR's configuration as the reconciler sees it. */
export interface FrrDesired {
  /** Canonical FRR configuration text, one line each, with sealed secrets. */
  readonly config: string;
}
