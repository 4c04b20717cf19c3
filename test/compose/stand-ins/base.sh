#!/usr/bin/env bash
# Makes the image that every stand-in begins with, out of programs of this machine: no registry of images is needed.
#
#     DOCKER_HOST=... base.sh TAG NODE KAFKA_LIBS BUSYBOX LABEL
#
# NODE is Node's program, KAFKA_LIBS the folder of Kafka's jars, BUSYBOX a busybox that is not static (a static one cannot resolve names).
set -euo pipefail
tag=$1 node=$2 kafka=$3 busybox=$4 label=$5
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
cd "$root"

mkdir -p bin sbin usr/bin usr/sbin usr/lib usr/local/bin usr/local/lib/node_modules etc/ssl/certs tmp var/tmp run proc sys dev home/node home/kafka
mkdir -p opt/java/openjdk opt/kafka/bin opt/kafka/libs app
chmod 1777 tmp var/tmp

# A program, with the shared libraries it needs, where the dynamic linker of the same machine looks for them.
libraries() { # file...
  { ldd "$@" 2>/dev/null || true; } | sed -nE 's/^\t(.* => )?(\/[^ ]+) \(0x.*/\2/p' | sort -u | while read -r library; do
    place=.$(dirname "$library" | sed 's,^/usr,,')
    mkdir -p "$place"
    cp -nL "$library" "$place/"
  done
}
program() { # file place
  cp -L "$1" "./$2"
  libraries "$1"
}
program "$busybox" bin/busybox
for name in $("$busybox" --list); do [ "$name" = busybox ] || ln -s busybox "bin/$name"; done
program /usr/bin/bash bin/bash
program "$node" usr/local/bin/node
program "$(command -v mosquitto || echo /usr/sbin/mosquitto)" usr/sbin/mosquitto
program "$(command -v mosquitto_sub)" usr/bin/mosquitto_sub
program "$(command -v mosquitto_passwd)" usr/bin/mosquitto_passwd
program "$(command -v mosquitto_pub)" usr/bin/mosquitto_pub
program "$(echo /usr/lib/*/mosquitto_dynamic_security.so)" usr/lib/mosquitto_dynamic_security.so
program "$(command -v prometheus)" bin/prometheus

java=$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")
mkdir -p opt/java/openjdk/bin
cp -L "$java/bin/java" opt/java/openjdk/bin/
# Some of it is links to what a headless machine does not have.
cp -rL "$java/lib" "$java/conf" opt/java/openjdk/ 2>/dev/null || true
libraries "$java/bin/java" "$java"/lib/*.so "$java"/lib/server/*.so
cp "$kafka"/*.jar opt/kafka/libs/

npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
cp -r "$npm" usr/local/lib/node_modules/npm
ln -s ../lib/node_modules/npm/bin/npm-cli.js usr/local/bin/npm
ln -s ../lib/node_modules/npm/bin/npx-cli.js usr/local/bin/npx
ln -s ../../bin/env usr/bin/env

# What libraries load themselves, and what native addons of packages need.
cp -L /lib/x86_64-linux-gnu/libnss_{dns,files}.so.2 /lib/x86_64-linux-gnu/lib{resolv.so.2,rt.so.1,m.so.6} lib/x86_64-linux-gnu/ 2>/dev/null || true
cp -L /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/
echo 'hosts: files dns' > etc/nsswitch.conf
cat > etc/passwd <<'USERS'
root:x:0:0:root:/root:/bin/sh
node:x:1000:1000::/home/node:/bin/sh
mosquitto:x:1883:1883::/mosquitto:/bin/sh
nobody:x:65534:65534::/:/bin/sh
USERS
printf 'root:x:0:\nnode:x:1000:\nmosquitto:x:1883:\nnogroup:x:65534:\n' > etc/group
chown -R 1000:1000 home/node opt/kafka

# Certificates of this machine's way to package registries, for builds inside an image.
tar --numeric-owner -c . | docker import -c "LABEL made-of=$label" -c 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' \
  -c 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' -c 'CMD ["node"]' - "$tag"
