/* SPDX-License-Identifier: Apache-2.0 */
/* Does libjwt 1 agree with jeton? The other side of the interoperation tests.
 *
 *     peer_libjwt verify KEY_FILE ALG TOKEN     prints the claims; 1 when it refuses
 *     peer_libjwt sign KEY_FILE ALG CLAIMS      prints a token */
#include <jwt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int verify(const unsigned char *key, int length, jwt_alg_t alg, const char *token)
{
    jwt_t *jwt = NULL;
    if (jwt_decode(&jwt, token, key, length) != 0 || jwt_get_alg(jwt) != alg) {
        jwt_free(jwt);
        return 1;
    }
    char *claims = jwt_get_grants_json(jwt, NULL);
    puts(claims);
    free(claims);
    jwt_free(jwt);
    return 0;
}

static int sign(const unsigned char *key, int length, jwt_alg_t alg, const char *claims)
{
    jwt_t *jwt = NULL;
    char *token = NULL;
    if (jwt_new(&jwt) == 0 && jwt_add_grants_json(jwt, claims) == 0 && jwt_set_alg(jwt, alg, key, length) == 0)
        token = jwt_encode_str(jwt);
    if (token != NULL)
        puts(token);
    int status = token == NULL;
    free(token);
    jwt_free(jwt);
    return status;
}

int main(int argc, char **argv)
{
    static unsigned char key[16384];
    if (argc != 5)
        return 2;
    FILE *file = fopen(argv[2], "rb");
    if (file == NULL)
        return 2;
    int length = (int)fread(key, 1, sizeof key - 1, file);
    fclose(file);
    jwt_alg_t alg = jwt_str_alg(argv[3]);
    if (strcmp(argv[1], "sign") == 0)
        return sign(key, length, alg, argv[4]);
    return verify(key, length, alg, argv[4]);
}
