/* SPDX-License-Identifier: Apache-2.0 */
/* How does OpenSSL digest, make a MAC with a key of the moment, seal, and give random bytes; and why did a call fail?
 * What has to be looked up by name is looked up once: that takes locks, and jetond digests for every request. */
#include "crypto/backend_openssl.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdatomic.h>

#include "crypto/numbers.h"

enum jeton_status jt_openssl_failed(enum jeton_status status)
{
    for (unsigned long error = ERR_get_error(); error != 0; error = ERR_get_error())
        if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE)
            status = JETON_OUT_OF_MEMORY;
    return status;
}

const char *jt_openssl_hash_name(enum jt_hash hash)
{
    switch (hash) {
    case JT_HASH_SHA256:
        return "SHA2-256";
    case JT_HASH_SHA384:
        return "SHA2-384";
    case JT_HASH_SHA512:
        return "SHA2-512";
    case JT_HASH_NONE:
        break;
    }
    return NULL;
}

/* The first thread to come keeps what it found for all; it is never given back. NULL: not found this time. */
static const EVP_MD *hash_of(enum jt_hash hash)
{
    static _Atomic(EVP_MD *) kept[JT_HASH_SHA512 + 1];
    EVP_MD *found = atomic_load_explicit(&kept[hash], memory_order_acquire);
    if (found != NULL)
        return found;
    EVP_MD *made = EVP_MD_fetch(NULL, jt_openssl_hash_name(hash), NULL);
    if (made == NULL || atomic_compare_exchange_strong(&kept[hash], &found, made))
        return made;
    EVP_MD_free(made);
    return found;
}

static EVP_MAC *hmac(void)
{
    static _Atomic(EVP_MAC *) kept;
    EVP_MAC *found = atomic_load_explicit(&kept, memory_order_acquire);
    if (found != NULL)
        return found;
    EVP_MAC *made = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (made == NULL || atomic_compare_exchange_strong(&kept, &found, made))
        return made;
    EVP_MAC_free(made);
    return found;
}

enum jeton_status jt_openssl_digest(enum jt_hash hash, struct jeton_bytes message, unsigned char *out)
{
    unsigned len = 0;
    const EVP_MD *found = hash_of(hash);
    if (found == NULL || EVP_Digest(message.at, message.len, out, &len, found, NULL) <= 0)
        return jt_openssl_failed(JETON_INTERNAL_ERROR);
    return JETON_OK;
}

enum jeton_status jt_openssl_mac(enum jt_hash hash, struct jeton_bytes key, struct jeton_bytes message,
                                 unsigned char *out)
{
    char name[16] = {0};
    strncpy(name, jt_openssl_hash_name(hash), sizeof name - 1);
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                           OSSL_PARAM_construct_end()};
    EVP_MAC *found = hmac();
    EVP_MAC_CTX *context = found != NULL ? EVP_MAC_CTX_new(found) : NULL;
    size_t len = 0;
    bool made = context != NULL && EVP_MAC_init(context, key.at, key.len, params) > 0 &&
                EVP_MAC_update(context, message.at, message.len) > 0 &&
                EVP_MAC_final(context, out, &len, jt_hash_size(hash)) > 0;
    EVP_MAC_CTX_free(context);
    return made ? JETON_OK : jt_openssl_failed(JETON_INTERNAL_ERROR);
}

enum jeton_status jt_openssl_random(void *out, size_t len)
{
    return len == 0 || RAND_bytes(out, (int)len) == 1 ? JETON_OK : jt_openssl_failed(JETON_INTERNAL_ERROR);
}

static bool feed(EVP_CIPHER_CTX *context, struct jeton_bytes associated, struct jeton_bytes text, unsigned char *out)
{
    int len = 0;
    return (associated.len == 0 || EVP_CipherUpdate(context, NULL, &len, associated.at, (int)associated.len) > 0) &&
           (text.len == 0 || EVP_CipherUpdate(context, out, &len, text.at, (int)text.len) > 0);
}

enum jeton_status jt_openssl_seal(struct jeton_bytes key, const unsigned char nonce[12], struct jeton_bytes associated,
                                  struct jeton_bytes text, unsigned char *out, unsigned char tag[16])
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    unsigned char rest[16];
    int len = 0;
    bool sealed = context != NULL && EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, key.at, nonce, 1) > 0 &&
                  feed(context, associated, text, out) && EVP_CipherFinal_ex(context, rest, &len) > 0 &&
                  EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag) > 0;
    EVP_CIPHER_CTX_free(context);
    return sealed ? JETON_OK : jt_openssl_failed(JETON_INTERNAL_ERROR);
}

enum jeton_status jt_openssl_open(struct jeton_bytes key, const unsigned char nonce[12], struct jeton_bytes associated,
                                  struct jeton_bytes sealed, const unsigned char tag[16], unsigned char *out)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    unsigned char rest[16], wanted[16];
    int len = 0;
    memcpy(wanted, tag, sizeof wanted); /* the call takes no const */
    bool fed = context != NULL && EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, key.at, nonce, 0) > 0 &&
               feed(context, associated, sealed, out) &&
               EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, sizeof wanted, wanted) > 0;
    bool fits = fed && EVP_CipherFinal_ex(context, rest, &len) > 0;
    EVP_CIPHER_CTX_free(context);
    if (fits)
        return JETON_OK;
    return jt_openssl_failed(fed ? JETON_SIGNATURE_INVALID : JETON_INTERNAL_ERROR);
}
