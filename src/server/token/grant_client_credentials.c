/* SPDX-License-Identifier: Apache-2.0 */
/* May this client have a token for itself (RFC 6749 §4.4)? Its `sub` is the client's id, which is no user's: ids have
 * no
 * "#", and who comes from another issuer has one. */
#include "server/token/grant.h"

bool jt_grant_client_credentials(struct jt_asking *asking)
{
    asking->subject = asking->client->id;
    asking->ttl = asking->server->config->signing.token_ttl.value / 1000;
    return jt_grant_audience(asking) && jt_grant_scope(asking, NULL) && jt_grant_mint(asking, NULL);
}
