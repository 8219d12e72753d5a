/* SPDX-License-Identifier: Apache-2.0 */
/* Does crypto keep its word when memory or randomness fails? A good signature may then be left unjudged, never called
 * bad; a bad one never good; a key that is one is not called none. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "crypto/crypto.h"

#include "fault.h"

#define MESSAGE JT_TEXT("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJqZXRvbiJ9")

/* A key and its signature from files, outside the faults. */
struct given {
    struct jt_secret_key *secret;
    struct jt_public_key *half;
    struct jt_method method;
    unsigned char signature[512];
    size_t len;
};

static size_t read_file(const char *name, unsigned char room[8192])
{
    char path[512];
    snprintf(path, sizeof path, "%s/keys/%s", JT_VECTORS, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        abort();
    size_t len = fread(room, 1, 8192, file);
    fclose(file);
    return len;
}

static struct given only_one;

/* An algorithm that is not the key's leaves the signature out. */
static struct given *give(const char *name, struct jt_method method)
{
    unsigned char room[8192];
    struct given *given = &only_one;
    fault_pause();
    struct jeton_bytes text = jeton_bytes(room, read_file(name, room));
    given->method = method;
    if (jt_secret_key_decode(text, &JT_KEY_RULES_OPERATOR, &given->secret, NULL) != JETON_OK ||
        jt_public_key_decode(text, &JT_KEY_RULES_OPERATOR, &given->half, NULL) != JETON_OK ||
        (jt_method_fits(jt_public_key_shape(given->half), method) &&
         jt_sign(given->secret, method, MESSAGE, given->signature, sizeof given->signature, &given->len) != JETON_OK))
        abort();
    fault_resume();
    return given;
}

static enum jeton_status done(enum jeton_status status)
{
    jt_secret_key_release(only_one.secret);
    jt_public_key_release(only_one.half);
    return status;
}

static const struct jt_method rs256 = {JT_SCHEME_RSA_PKCS1, JT_HASH_SHA256},
                              ps256 = {JT_SCHEME_RSA_PSS, JT_HASH_SHA256}, es256 = {JT_SCHEME_ECDSA, JT_HASH_SHA256},
                              eddsa = {JT_SCHEME_EDDSA, JT_HASH_NONE}, hs256 = {JT_SCHEME_HMAC, JT_HASH_SHA256};

/* Twice: the first check opens the contexts, the second uses them. */
static enum jeton_status verify_twice(const struct given *given, struct jeton_bytes message)
{
    struct jeton_bytes signature = jeton_bytes(given->signature, given->len);
    enum jeton_status status = jt_verify(given->half, given->method, message, signature);
    return status == JETON_OK || status == JETON_SIGNATURE_INVALID
               ? jt_verify(given->half, given->method, message, signature)
               : status;
}

#define VERIFYING(name, file, method)                                                                                  \
    static enum jeton_status a_good_##name##_signature_is_not_called_bad(void)                                         \
    {                                                                                                                  \
        return done(verify_twice(give(file, method), MESSAGE));                                                        \
    }                                                                                                                  \
    static enum jeton_status a_bad_##name##_signature_stays_bad(void)                                                  \
    {                                                                                                                  \
        return done(verify_twice(give(file, method), JT_TEXT("another")));                                             \
    }                                                                                                                  \
    static enum jeton_status name##_signs(void)                                                                        \
    {                                                                                                                  \
        struct given *given = give(file, method);                                                                      \
        unsigned char made[512];                                                                                       \
        size_t len = 0;                                                                                                \
        enum jeton_status status = jt_sign(given->secret, method, MESSAGE, made, sizeof made, &len);                   \
        if (status == JETON_OK) {                                                                                      \
            fault_pause();                                                                                             \
            status = jt_verify(given->half, method, MESSAGE, jeton_bytes(made, len));                                  \
            fault_resume();                                                                                            \
        }                                                                                                              \
        return done(status);                                                                                           \
    }

VERIFYING(rs256, "rsa.pkcs8.pem", rs256)
VERIFYING(ps256, "rsa.pkcs8.pem", ps256)
VERIFYING(es256, "prime256v1.pkcs8.pem", es256)
VERIFYING(eddsa, "ed25519.pkcs8.pem", eddsa)

static enum jeton_status mac_of(struct jeton_bytes signed_message, struct jeton_bytes message)
{
    static const unsigned char bytes[32] = {1, 2, 3};
    struct jt_key_numbers numbers = {.type = JT_KEY_OCT, .k = {bytes, sizeof bytes}};
    struct jt_secret_key *key = NULL;
    unsigned char mac[32];
    size_t len = 0;
    enum jeton_status status = jt_secret_key_make(&numbers, &JT_KEY_RULES_OPERATOR, &key, NULL);
    if (status == JETON_OK)
        status = jt_sign(key, hs256, signed_message, mac, sizeof mac, &len);
    if (status == JETON_OK)
        status = jt_verify_mac(key, hs256, message, jeton_bytes(mac, len));
    jt_secret_key_release(key);
    return status;
}

static enum jeton_status a_mac_is_made_and_checked(void)
{
    return mac_of(MESSAGE, MESSAGE);
}

static enum jeton_status a_wrong_mac_stays_wrong(void)
{
    return mac_of(MESSAGE, JT_TEXT("another"));
}

static enum jeton_status decode_and_encode(const char *name)
{
    unsigned char room[8192];
    struct jt_secret_key *key = NULL;
    struct jt_public_key *half = NULL;
    struct jt_buffer text, secret_text;
    fault_pause();
    struct jeton_bytes pem = jeton_bytes(room, read_file(name, room));
    fault_resume();
    jt_buffer_init(&text, 8192);
    jt_buffer_init_secret(&secret_text, 8192);
    enum jeton_status status = jt_secret_key_decode(pem, &JT_KEY_RULES_OPERATOR, &key, NULL);
    if (status == JETON_OK)
        status = jt_public_of(key, &half, NULL);
    if (status == JETON_OK)
        status = jt_public_key_encode(half, true, &text);
    if (status == JETON_OK)
        status = jt_secret_key_encode(key, false, &secret_text);
    jt_buffer_done(&text);
    jt_buffer_done(&secret_text);
    jt_public_key_release(half);
    jt_secret_key_release(key);
    return status;
}

static enum jeton_status an_rsa_file_is_read_and_written(void)
{
    return decode_and_encode("rsa.pkcs8.pem");
}

static enum jeton_status an_ec_file_is_read_and_written(void)
{
    return decode_and_encode("prime256v1.sec1.pem");
}

/* As a JWK gives them: in a fetched set a key called none is a key left out. */
static enum jeton_status make_from_numbers(const char *name, bool secret)
{
    struct given *given = give(name, eddsa);
    struct jt_key_numbers numbers;
    struct jt_secret store = {0};
    struct jt_public_key *half = NULL;
    struct jt_secret_key *key = NULL;
    fault_pause();
    if (jt_secret_key_numbers(given->secret, &numbers, &store) != JETON_OK)
        abort();
    fault_resume();
    enum jeton_status status = secret ? jt_secret_key_make(&numbers, &JT_KEY_RULES_OPERATOR, &key, NULL)
                                      : jt_public_key_make(&numbers, &JT_KEY_RULES_OPERATOR, &half, NULL);
    jt_secret_done(&store);
    jt_public_key_release(half);
    jt_secret_key_release(key);
    return done(status);
}

#define MAKING(name, file)                                                                                             \
    static enum jeton_status name##_is_made_public(void)                                                               \
    {                                                                                                                  \
        return make_from_numbers(file, false);                                                                         \
    }                                                                                                                  \
    static enum jeton_status name##_is_made_secret(void)                                                               \
    {                                                                                                                  \
        return make_from_numbers(file, true);                                                                          \
    }

MAKING(rsa, "rsa.pkcs8.pem")
MAKING(ec, "prime256v1.pkcs8.pem")
MAKING(okp, "ed25519.pkcs8.pem")

static enum jeton_status a_point_off_the_curve_stays_refused(void)
{
    static const unsigned char x[32] = {1}, y[32] = {2};
    struct jt_key_numbers numbers = {.type = JT_KEY_EC, .curve = JT_CURVE_P256, .x = {x, 32}, .y = {y, 32}};
    struct jt_public_key *key = NULL;
    enum jeton_status status = jt_public_key_make(&numbers, &JT_KEY_RULES_FETCHED, &key, NULL);
    jt_public_key_release(key);
    return status;
}

static enum jeton_status keys_are_generated(void)
{
    struct jt_secret_key *oct = NULL, *ec = NULL;
    enum jeton_status status = jt_secret_key_generate(JT_KEY_OCT, JT_CURVE_NONE, 256, &oct, NULL);
    if (status == JETON_OK)
        status = jt_secret_key_generate(JT_KEY_EC, JT_CURVE_P256, 0, &ec, NULL);
    jt_secret_key_release(oct);
    jt_secret_key_release(ec);
    return status;
}

static enum jeton_status seal_and_open(unsigned char damage)
{
    unsigned char key[32] = {1}, nonce[12] = {2}, tag[16], text[] = "a text";
    struct jeton_bytes bytes = jeton_bytes(text, sizeof text);
    enum jeton_status status = jt_seal(jeton_bytes(key, 32), nonce, JT_TEXT("kid"), bytes, text, tag);
    tag[3] ^= damage;
    return status == JETON_OK ? jt_open(jeton_bytes(key, 32), nonce, JT_TEXT("kid"), bytes, tag, text) : status;
}

static enum jeton_status what_is_sealed_opens(void)
{
    return seal_and_open(0);
}

static enum jeton_status what_was_damaged_does_not(void)
{
    return seal_and_open(1);
}

static enum jeton_status random_bytes_and_a_digest(void)
{
    unsigned char bytes[32], digest[32];
    enum jeton_status status = jt_random(bytes, sizeof bytes);
    if (status == JETON_OK)
        status = jt_digest(JT_HASH_SHA256, jeton_bytes(bytes, 32), digest);
    return status == JETON_OK ? jt_mac(JT_HASH_SHA256, jeton_bytes(digest, 32), JT_TEXT("text"), bytes) : status;
}

/* Some checks of OpenSSL (PSS and Ed25519 of 3.0, ECDSA of 3.5) answer "does not fit" when they get no memory, with
 * nothing in the error queue that tells, and its readers of PEM "no key": refused, as it must be, under another name.
 */
#define VERIFIED(name, also)                                                                                           \
    {"a_good_" #name "_signature_is_not_called_bad", a_good_##name##_signature_is_not_called_bad, JETON_OK,            \
     FAULT_MEMORY, also},                                                                                              \
        {"a_bad_" #name "_signature_stays_bad", a_bad_##name##_signature_stays_bad, JETON_SIGNATURE_INVALID,           \
         FAULT_MEMORY, JETON_OK},                                                                                      \
    {                                                                                                                  \
#name "_signs", name##_signs, JETON_OK, FAULT_MEMORY | FAULT_RANDOM, JETON_OK                                  \
    }
#define MAKES(name)                                                                                                    \
    {#name "_is_made_public", name##_is_made_public, JETON_OK, FAULT_MEMORY, JETON_OK},                                \
    {                                                                                                                  \
#name "_is_made_secret", name##_is_made_secret, JETON_OK, FAULT_MEMORY, JETON_OK                               \
    }
#define SCENARIO(name, expected, kinds, also)                                                                          \
    {                                                                                                                  \
#name, name, expected, kinds, also                                                                             \
    }

FAULT_SCENARIOS(VERIFIED(rs256, JETON_OK), VERIFIED(ps256, JETON_SIGNATURE_INVALID),
                VERIFIED(es256, JETON_SIGNATURE_INVALID), VERIFIED(eddsa, JETON_SIGNATURE_INVALID), MAKES(rsa),
                MAKES(ec), MAKES(okp), SCENARIO(a_mac_is_made_and_checked, JETON_OK, FAULT_MEMORY, JETON_OK),
                SCENARIO(a_wrong_mac_stays_wrong, JETON_SIGNATURE_INVALID, FAULT_MEMORY, JETON_OK),
                SCENARIO(an_rsa_file_is_read_and_written, JETON_OK, FAULT_MEMORY, JETON_KEY_INVALID),
                SCENARIO(an_ec_file_is_read_and_written, JETON_OK, FAULT_MEMORY, JETON_KEY_INVALID),
                SCENARIO(a_point_off_the_curve_stays_refused, JETON_KEY_INVALID, FAULT_MEMORY, JETON_OK),
                SCENARIO(keys_are_generated, JETON_OK, FAULT_MEMORY | FAULT_RANDOM, JETON_OK),
                SCENARIO(what_is_sealed_opens, JETON_OK, FAULT_MEMORY, JETON_OK),
                SCENARIO(what_was_damaged_does_not, JETON_SIGNATURE_INVALID, FAULT_MEMORY, JETON_OK),
                SCENARIO(random_bytes_and_a_digest, JETON_OK, FAULT_MEMORY | FAULT_RANDOM, JETON_OK));
