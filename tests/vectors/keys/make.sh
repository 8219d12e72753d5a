#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How were these files made? By OpenSSL's own command (3.0), so that jeton reads what others write. Run once; the files
# are kept, because tests compare numbers with them. All of these keys are public: never use one.
set -eu
cd "$(dirname "$0")"

openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pkcs8.pem
openssl pkey -in rsa.pkcs8.pem -traditional -out rsa.pkcs1.pem
openssl pkey -in rsa.pkcs8.pem -pubout -out rsa.spki.pem
openssl rsa -in rsa.pkcs8.pem -RSAPublicKey_out -out rsa.pkcs1-public.pem
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out rsa1024.pkcs8.pem
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_primes:3 -out rsa-3-primes.pkcs8.pem
openssl genpkey -quiet -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out rsa-pss.pkcs8.pem
openssl pkey -in rsa-pss.pkcs8.pem -pubout -out rsa-pss.spki.pem

for curve in prime256v1 secp384r1 secp521r1 secp256k1 secp224r1; do
    openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:$curve -out $curve.pkcs8.pem
    openssl pkey -in $curve.pkcs8.pem -pubout -out $curve.spki.pem
done
# as `openssl ecparam -genkey` writes it: the parameters in a block of their own in front
openssl ecparam -name prime256v1 -out prime256v1.sec1.pem
openssl pkey -in prime256v1.pkcs8.pem -traditional >>prime256v1.sec1.pem
openssl ec -in prime256v1.pkcs8.pem -no_public -out prime256v1.no-public.pem
openssl ec -in prime256v1.pkcs8.pem -pubout -param_enc explicit -out prime256v1-explicit.spki.pem
openssl ec -in prime256v1.pkcs8.pem -pubout -conv_form compressed -out prime256v1-compressed.spki.pem

for name in ed25519 ed448 x25519; do
    openssl genpkey -quiet -algorithm $name -out $name.pkcs8.pem
    openssl pkey -in $name.pkcs8.pem -pubout -out $name.spki.pem
done

openssl pkcs8 -topk8 -in prime256v1.pkcs8.pem -passout pass:test -out encrypted.pkcs8.pem
openssl pkcs8 -topk8 -in prime256v1.pkcs8.pem -passout pass:test -outform DER -out encrypted.pkcs8.der
openssl ec -in prime256v1.pkcs8.pem -aes128 -passout pass:test -out encrypted.sec1.pem

for name in rsa prime256v1 ed25519; do
    openssl req -x509 -new -key $name.pkcs8.pem -subj "/CN=jeton test $name" -days 1 -text -out $name.certificate.pem
done
openssl req -new -key prime256v1.pkcs8.pem -subj "/CN=jeton test" -out prime256v1.request.pem
