/** A service in an instance of Incus that needs nothing from anywhere: busybox as its whole image, which hands out what its data volume has. */
import { containers } from "../lab/incus/box.ts";

export const address = "10.234.116.10";
/** VPP's: the stand-in has it on its end of the pair. */
export const { gateway } = containers;

/** Of what Incus says of its bridge. */
export const shownBridge = `config:
  ipv4.address: 10.234.116.1/24
  ipv4.dhcp.gateway: ${gateway}
  ipv4.dhcp.ranges: 10.234.116.100-10.234.116.254
  ipv4.nat: "false"
  ipv4.routing: "false"
  ipv6.address: none
  user.imp: "1"
`;

const { storage: _, ...network } = containers;

/** Of the machine file. */
export const service = `containers: ${JSON.stringify(network)}
services:
  pages:
    description: Hands out its files
    instance:
      image: { alias: busybox }
      address: ${address}
      data: { files: { path: /srv, size: 16MiB } }
`;

const files: Readonly<Record<string, string>> = {
  "metadata.yaml": "architecture: x86_64\ncreation_date: 1700000000\nproperties: { os: busybox }\n",
  "rootfs/etc/inittab": "::sysinit:/etc/start\n::respawn:/bin/httpd -f -p 80 -h /srv\n",
  "rootfs/etc/start": "#!/bin/sh\nip link set lo up\nudhcpc -b -i eth0 -s /etc/leased\n",
  "rootfs/etc/leased": `#!/bin/sh
case $1 in bound | renew)
  ip address replace "$ip/$mask" dev "$interface"
  ip route replace default via "$router" dev "$interface" ;;
esac
`,
};

/** Shell, on the box: makes its image and gives it to Incus, since there is no server that has it. */
export const importImage = `mkdir /root/busybox && cd /root/busybox
mkdir -p rootfs/bin rootfs/etc rootfs/proc rootfs/sys rootfs/dev rootfs/tmp rootfs/run rootfs/srv rootfs/sbin
cp /usr/bin/busybox rootfs/bin/busybox
for name in $(rootfs/bin/busybox --list); do [ "$name" = busybox ] || ln -s busybox rootfs/bin/$name; done
ln -s ../bin/busybox rootfs/sbin/init
${Object.entries(files)
  .map(([path, text]) => `cat >${path} <<'END'\n${text}END\n`)
  .join("")}chmod 755 rootfs/etc/start rootfs/etc/leased
tar -czf ../busybox.tar.gz --owner=0 --group=0 metadata.yaml rootfs
incus image import ../busybox.tar.gz --alias busybox
`;

/** Shell: what is in its data volume, asked by HTTP from the dataplane's namespace, whose way to it is the pair to the bridge. */
export const ask = (file: string) => `ip netns exec dataplane curl -s --max-time 20 http://${address}/${file}`;
/** Shell: puts a file into its data volume. */
export const write = (file: string, text: string) =>
  `echo '${text}' | incus exec -T pages -- sh -c 'cat >/srv/${file}'`;
