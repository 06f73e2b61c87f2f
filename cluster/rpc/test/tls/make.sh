#!/bin/sh
# Made these certificates, with OpenSSL 3. They and their keys are for tests alone: everybody knows the keys.
set -e
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
touch "$work/index"
cat > "$work/config" <<END
[ca]
default_ca = tests
[tests]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
END

# name, whose, until when, extension, signed by
make() {
  openssl ecparam -name prime256v1 -genkey -noout -out "$work/$1.key"
  openssl req -new -config "$work/config" -key "$work/$1.key" -subj "/CN=$2" -addext "$4" -out "$work/$1.request"
  by="-cert $work/ca.pem -keyfile $work/ca.key"
  [ "$5" = itself ] && by="-selfsign -keyfile $work/$1.key"
  openssl ca -batch -notext -config "$work/config" $by -startdate 20000101000000Z -enddate "$3" -in "$work/$1.request" -out "$work/$1.pem"
}
hosts="subjectAltName=DNS:localhost,IP:127.0.0.1"
make ca "Skein tests" 21000101000000Z "basicConstraints=critical,CA:TRUE" itself
make server localhost 21000101000000Z "$hosts" ca
make expired localhost 20000102000000Z "$hosts" ca
make client ada 21000101000000Z "extendedKeyUsage=clientAuth" ca
make stranger localhost 21000101000000Z "$hosts" itself
rm "$work/ca.key"
cp "$work"/*.key "$work/ca.pem" "$work/server.pem" "$work/expired.pem" "$work/client.pem" "$work/stranger.pem" .
