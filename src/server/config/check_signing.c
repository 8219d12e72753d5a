/* SPDX-License-Identifier: Apache-2.0 */
/* Can the promise be kept with these times? Who keeps the published set for jwks_max_age must never meet a key it does
 * not know, and a key must be there as long as its tokens. Rules of `signing`, told with their numbers. */
#include <inttypes.h>

#include "keys/rotation.h"
#include "server/config/config.h"

static bool check_whole_seconds(const struct jt_config_number *number, const char *key, struct jt_config_faults *faults)
{
    if (number->value % 1000 == 0)
        return true;
    jt_config_fault(faults, number->place, key, "must be whole seconds");
    return false;
}

/* Where the fault is to be mended: at a number that somebody wrote. */
static struct jt_place place_of(const struct jt_config_number *first, const struct jt_config_number *second)
{
    return first->place.line > 0 ? first->place : second->place;
}

void jt_config_check_signing(const struct jt_config *config, struct jt_config_faults *faults)
{
    const struct jt_config_number *ttl = &config->signing.token_ttl, *every = &config->signing.rotate_every;
    const struct jt_config_number *ahead = &config->signing.publish_ahead, *age = &config->signing.jwks_max_age;
    int64_t margin = jt_rotation_margin(age->value / 1000) * 1000;
    bool whole = check_whole_seconds(ttl, "signing.token_ttl", faults);

    whole = check_whole_seconds(every, "signing.rotate_every", faults) && whole;
    whole = check_whole_seconds(ahead, "signing.publish_ahead", faults) && whole;
    whole = check_whole_seconds(age, "signing.jwks_max_age", faults) && whole;
    if (!whole)
        return;
    if (ttl->value > every->value)
        jt_config_fault(
            faults, place_of(ttl, every), ttl->place.line > 0 ? "signing.token_ttl" : "signing.rotate_every",
            "tokens live %" PRId64 " s and keys sign for %" PRId64 " s: token_ttl may be at most rotate_every",
            ttl->value / 1000, every->value / 1000);
    if (ahead->value > every->value)
        jt_config_fault(faults, place_of(ahead, every),
                        ahead->place.line > 0 ? "signing.publish_ahead" : "signing.rotate_every",
                        "the next key is to be published %" PRId64 " s before it signs, and keys sign for %" PRId64
                        " s: publish_ahead may be at most rotate_every",
                        ahead->value / 1000, every->value / 1000);
    if (ahead->value < age->value + margin)
        jt_config_fault(faults, place_of(ahead, age),
                        ahead->place.line > 0 ? "signing.publish_ahead" : "signing.jwks_max_age",
                        "a key is published %" PRId64 " s before it signs, and others keep the set for %" PRId64
                        " s: publish_ahead must be at least jwks_max_age and a margin, %" PRId64 " s",
                        ahead->value / 1000, age->value / 1000, (age->value + margin) / 1000);
}
