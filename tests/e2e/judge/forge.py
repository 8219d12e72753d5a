# SPDX-License-Identifier: Apache-2.0
"""Keys, tokens and key sets, good and bad, made by Python alone. Nothing here asks jeton."""
import base64
import functools
import hashlib
import hmac
import json
import secrets

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

NOW = 1700000000  # every token is judged at this time unless its case says otherwise
HASH = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
CURVES = {"P-256": (ec.SECP256R1, 32), "P-384": (ec.SECP384R1, 48), "P-521": (ec.SECP521R1, 66),
          "secp256k1": (ec.SECP256K1, 32)}
# algorithm → the kind of key it wants
ALGORITHMS = {"RS256": "RSA", "RS384": "RSA", "RS512": "RSA", "PS256": "RSA", "PS384": "RSA", "PS512": "RSA",
              "ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "ES256K": "secp256k1",
              "EdDSA": "Ed25519", "Ed25519": "Ed25519", "Ed448": "Ed448"}
EC_HASH = {"P-256": "256", "P-384": "384", "P-521": "512", "secp256k1": "256"}
ORDER = {"P-256": 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551}


def b64(data):
    if isinstance(data, str):
        data = data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def b64_number(number, size=None):
    return b64(number.to_bytes(size or (number.bit_length() + 7) // 8 or 1, "big"))


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


# --- Keys. ---

class Key:
    """A key of the cryptography package, its JWK, and signing by the names of RFC 7518."""

    def __init__(self, kind, private, kid=None):
        self.kind, self.private, self.kid = kind, private, kid

    def jwk(self, private=False, kid=True, **members):
        """The JWK; a member given as None is left out."""
        made = {"kid": self.kid} if kid and self.kid is not None else {}
        if self.kind == "RSA":
            numbers = self.private.public_key().public_numbers()
            made |= {"kty": "RSA", "n": b64_number(numbers.n), "e": b64_number(numbers.e)}
            if private:
                n = self.private.private_numbers()
                made |= {name: b64_number(value) for name, value in
                         {"d": n.d, "p": n.p, "q": n.q, "dp": n.dmp1, "dq": n.dmq1, "qi": n.iqmp}.items()}
        elif self.kind in CURVES:
            size = CURVES[self.kind][1]
            numbers = self.private.public_key().public_numbers()
            made |= {"kty": "EC", "crv": self.kind, "x": b64_number(numbers.x, size), "y": b64_number(numbers.y, size)}
            if private:
                made["d"] = b64_number(self.private.private_numbers().private_value, size)
        else:
            raw = serialization.Encoding.Raw
            made |= {"kty": "OKP", "crv": self.kind,
                     "x": b64(self.private.public_key().public_bytes(raw, serialization.PublicFormat.Raw))}
            if private:
                made["d"] = b64(self.private.private_bytes(raw, serialization.PrivateFormat.Raw,
                                                           serialization.NoEncryption()))
        return {name: value for name, value in (made | members).items() if value is not None}

    def public_pem(self, encoding="PEM"):
        return self.private.public_key().public_bytes(serialization.Encoding[encoding],
                                                      serialization.PublicFormat.SubjectPublicKeyInfo)

    def private_pem(self, encoding="PEM", form="PKCS8", password=None):
        lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        return self.private.private_bytes(serialization.Encoding[encoding], serialization.PrivateFormat[form], lock)

    def sign(self, algorithm, data):
        return signature(algorithm, self.private, data)


def signature(algorithm, private, data):
    if algorithm.startswith("HS"):
        return hmac.new(private, data, "sha" + algorithm[2:]).digest()
    if isinstance(private, rsa.RSAPrivateKey):
        digest = HASH[algorithm[2:5]]() if algorithm[2:5] in HASH else hashes.SHA256()
        if algorithm.startswith("PS"):
            return private.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        return private.sign(data, padding.PKCS1v15(), digest)
    if isinstance(private, ec.EllipticCurvePrivateKey):
        size = (private.key_size + 7) // 8
        digest = HASH[{256: "256", 384: "384", 521: "512"}[private.key_size]]()
        r, s = decode_dss_signature(private.sign(data, ec.ECDSA(digest)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    return private.sign(data)


def make(kind, kid=None, bits=2048, e=65537):
    if kind == "RSA":
        return Key(kind, rsa.generate_private_key(e, bits), kid)
    if kind in CURVES:
        return Key(kind, ec.generate_private_key(CURVES[kind][0]()), kid)
    return Key(kind, {"Ed25519": ed25519.Ed25519PrivateKey, "Ed448": ed448.Ed448PrivateKey}[kind].generate(), kid)


@functools.lru_cache(None)
def key(kind, name="a"):
    """One key per kind and name in a run; its kid is "KIND-NAME"."""
    return make(kind, f"{kind}-{name}")


KINDS = ("RSA", "P-256", "P-384", "P-521", "secp256k1", "Ed25519", "Ed448")


def everything():
    """A JWK of every kind, without alg: the union of what the keys allow is everything but HS*."""
    return [key(kind).jwk() for kind in KINDS]


def key_set(*jwks):
    return compact({"keys": list(jwks)})


def thumbprint(jwk):
    members = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "oct": ("k", "kty")}
    text = json.dumps({name: jwk[name] for name in members[jwk["kty"]]}, separators=(",", ":"), sort_keys=True)
    return b64(hashlib.sha256(text.encode()).digest())


# --- RSA numbers that no library makes: any size, any exponent. ---

def is_prime(number):
    if any(number % small == 0 for small in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47)):
        return False
    d, twos = number - 1, 0
    while d % 2 == 0:
        d, twos = d // 2, twos + 1
    for _ in range(8):
        x = pow(secrets.randbelow(number - 3) + 2, d, number)
        if x in (1, number - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % number
            if x == number - 1:
                break
        else:
            return False
    return True


def prime_between(low, high, e):
    while True:
        number = (low + secrets.randbelow(high - low)) | 1
        if number % 2 and is_prime(number) and (e % 2 == 0 or pow_coprime(e, number - 1)):
            return number


def pow_coprime(a, b):
    while b:
        a, b = b, a % b
    return a == 1


class RawRsa:
    """RSA of exactly `bits` bits out of several small primes: quick to make whatever the size, and good to a verifier."""

    def __init__(self, bits, e=65537, kid=None, even=False):
        self.e, self.kid = e, kid
        primes, product = [], 1
        while bits - product.bit_length() > 600:
            primes.append(prime_between(1 << 511, 1 << 512, e))
            product *= primes[-1]
        primes.append(prime_between(-(-(1 << (bits - 1)) // product) + 1, ((1 << bits) - 1) // product, e))
        product *= primes[-1]
        assert product.bit_length() == bits
        self.n = product - 1 if even else product
        phi = 1
        for prime in primes:
            phi *= prime - 1
        self.d = pow(e, -1, phi) if e % 2 else 1

    def jwk(self, **members):
        return {"kty": "RSA", "kid": self.kid, "n": b64_number(self.n), "e": b64_number(self.e)} | members

    def sign(self, algorithm, data):
        assert algorithm == "RS256"
        size = (self.n.bit_length() + 7) // 8
        info = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(data).digest()
        padded = b"\0\1" + b"\xff" * (size - 3 - len(info)) + b"\0" + info
        return pow(int.from_bytes(padded, "big"), self.d, self.n).to_bytes(size, "big")


# --- Tokens. ---

DROP = object()  # a claim or header member that is left out


def claims(**changes):
    made = {"iss": "https://i.example", "sub": "ada", "aud": "api", "iat": NOW, "exp": NOW + 300, "jti": "j1"}
    return {name: value for name, value in (made | changes).items() if value is not DROP}


def token(by, alg=None, payload=None, header=None, raw_header=None, signed_as=None, sig=None, **changes):
    """A compact token. `payload` is a dict or bytes; `header` changes the header; `raw_header` is its bytes; `sig`
    changes the signature's bytes; other names change claims. `signed_as` is the algorithm really used."""
    if alg is None:
        alg = {"RSA": "RS256", "P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "secp256k1": "ES256K",
               "Ed25519": "EdDSA", "Ed448": "EdDSA"}[by.kind] if isinstance(by, Key) else "RS256"
    head = {"alg": alg, "typ": "JWT"}
    if getattr(by, "kid", None) is not None:
        head["kid"] = by.kid
    head = {name: value for name, value in (head | (header or {})).items() if value is not DROP}
    first = compact(head) if raw_header is None else raw_header
    second = payload if isinstance(payload, bytes) else compact(payload if payload is not None else claims(**changes))
    text = b64(first) + "." + b64(second)
    made = by.sign(signed_as or alg, text.encode()) if not isinstance(by, bytes) else \
        signature(signed_as or alg, by, text.encode())
    return text + "." + b64(sig(made) if sig else made)


def flip(data):
    return data[:-1] + bytes([data[-1] ^ 1])


def nested(depth):
    """JSON whose brackets stand `depth` deep."""
    return "[" * depth + "]" * depth
