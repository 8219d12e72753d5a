/* SPDX-License-Identifier: Apache-2.0 */
/* Does the time of a check tell anything about a secret? Under valgrind the secrets are marked undefined: each branch
 * and each address that depends on one is then reported. What may be told, the outcome, is marked defined again just
 * before this program looks at it. With --leaky the same is asked of a compare that stops early, to show that the way
 * of asking works: that run must fail.
 *
 * Built without sanitizers, which valgrind does not go with. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <valgrind/memcheck.h>

#include "crypto/crypto.h"

static int failures;

static void expect(const char *what, int good)
{
    printf("# %s: %s\n", what, good ? "as it should" : "WRONG");
    failures += !good;
}

static void compare(void)
{
    unsigned char one[64], two[64];
    memset(one, 0x5a, sizeof one);
    memset(two, 0x5a, sizeof two);
    for (int differ = 0; differ < 2; differ++) {
        two[17] ^= (unsigned char)differ;
        VALGRIND_MAKE_MEM_UNDEFINED(one, sizeof one);
        VALGRIND_MAKE_MEM_UNDEFINED(two, sizeof two);
        bool equal = jt_crypto_equal(jeton_bytes(one, sizeof one), jeton_bytes(two, sizeof two));
        VALGRIND_MAKE_MEM_DEFINED(&equal, sizeof equal);
        expect("compare", equal == !differ);
        VALGRIND_MAKE_MEM_DEFINED(one, sizeof one);
        VALGRIND_MAKE_MEM_DEFINED(two, sizeof two);
    }
}

/* The key is undefined, and so are all MACs made with it: the context, the MAC and the compare are all watched. */
static void verify_mac(enum jt_hash hash)
{
    const struct jt_method method = {JT_SCHEME_HMAC, hash};
    const struct jeton_bytes message = JT_TEXT("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqZXRvbiJ9");
    unsigned char bytes[64], mac[64];
    size_t len = 0;
    memset(bytes, 0x5a, sizeof bytes);
    VALGRIND_MAKE_MEM_UNDEFINED(bytes, sizeof bytes);
    struct jt_key_numbers numbers = {.type = JT_KEY_OCT, .k = {bytes, sizeof bytes}};
    struct jt_secret_key *key = NULL;
    if (jt_secret_key_make(&numbers, &JT_KEY_RULES_OPERATOR, &key, NULL) != JETON_OK ||
        jt_sign(key, method, message, mac, sizeof mac, &len) != JETON_OK)
        exit(EXIT_FAILURE);
    VALGRIND_MAKE_MEM_DEFINED(mac, sizeof mac); /* what a token shows to everybody */
    for (int differ = 0; differ < 2; differ++) {
        mac[len - 1] ^= (unsigned char)differ;
        enum jeton_status status = jt_verify_mac(key, method, message, jeton_bytes(mac, len));
        VALGRIND_MAKE_MEM_DEFINED(&status, sizeof status);
        expect("MAC", status == (differ ? JETON_SIGNATURE_INVALID : JETON_OK));
    }
    jt_secret_key_release(key);
}

static void leak(void)
{
    unsigned char one[64] = {0}, two[64] = {0};
    VALGRIND_MAKE_MEM_UNDEFINED(one, sizeof one);
    volatile const unsigned char *left = one, *right = two;
    size_t i = 0;
    while (i < sizeof one && left[i] == right[i])
        i++;
    printf("# the leaky compare ran\n");
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "--leaky") == 0) {
        leak();
        return EXIT_SUCCESS;
    }
    compare();
    verify_mac(JT_HASH_SHA256);
    verify_mac(JT_HASH_SHA384);
    verify_mac(JT_HASH_SHA512);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
