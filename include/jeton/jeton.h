/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * All of libjeton: verify and sign JSON Web Tokens.
 */
#ifndef JETON_JETON_H
#define JETON_JETON_H

#include <jeton/bytes.h>
#include <jeton/fetch.h>
#include <jeton/key.h>
#include <jeton/keyset.h>
#include <jeton/mint.h>
#include <jeton/output.h>
#include <jeton/policy.h>
#include <jeton/sign.h>
#include <jeton/signer.h>
#include <jeton/source.h>
#include <jeton/status.h>
#include <jeton/trust.h>
#include <jeton/verify.h>
#include <jeton/version.h>

#endif
