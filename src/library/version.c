/* SPDX-License-Identifier: Apache-2.0 */
/* The border of <jeton/version.h>. */
#include <jeton/version.h>

#include "jose/algorithm.h"

const char *jeton_version(void)
{
    return JETON_VERSION;
}

const char *jeton_crypto_version(void)
{
    return jt_crypto_library();
}

const char *jeton_algorithm(size_t index)
{
    const struct jt_algorithm *algorithm;
    for (size_t i = 0; (algorithm = jt_algorithm_at(i)) != NULL; i++)
        if (jt_algorithm_usable(algorithm) && index-- == 0)
            return algorithm->name;
    return NULL;
}
