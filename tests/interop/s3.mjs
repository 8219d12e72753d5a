// SPDX-License-Identifier: Apache-2.0
// The unmodified @aws-sdk/client-sts and @aws-sdk/client-s3 against the gateway: one JSON object on standard input says
// what to do, one on standard output what came of it. usage: node s3.mjs FOLDER-WITH-NODE-MODULES
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

const require = createRequire(pathToFileURL(process.argv[2] + '/'));
const { STSClient, AssumeRoleWithWebIdentityCommand } = require('@aws-sdk/client-sts');
const { S3Client, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand } = require('@aws-sdk/client-s3');

const job = JSON.parse(await text(process.stdin));
const common = { region: 'us-east-1', maxAttempts: 1 };
const sts = new STSClient({ ...common, endpoint: job.gateway + '/.sts', credentials: { accessKeyId: 'none', secretAccessKey: 'none' } });
const given = (await sts.send(new AssumeRoleWithWebIdentityCommand({
  RoleArn: job.role, RoleSessionName: 'from-javascript', WebIdentityToken: job.token, DurationSeconds: 900 }))).Credentials;
const s3 = new S3Client({ ...common, endpoint: job.gateway, forcePathStyle: true, credentials: {
  accessKeyId: given.AccessKeyId, secretAccessKey: given.SecretAccessKey, sessionToken: given.SessionToken } });

const at = (Key) => ({ Bucket: 'acme', Key });
const fails = (promise) => promise.then(() => 'no error', (error) => `${error.name} ${error.$metadata?.httpStatusCode}`);
const out = {};
out.body = await (await s3.send(new GetObjectCommand(at('own/b & c.txt')))).Body.transformToString();
out.part = await (await s3.send(new GetObjectCommand({ ...at('own/a.txt'), Range: 'bytes=1-3' }))).Body.transformToString();
out.length = (await s3.send(new HeadObjectCommand(at('own/deep/d.bin')))).ContentLength;
const listed = await s3.send(new ListObjectsV2Command({ Bucket: 'acme', Prefix: 'own/', Delimiter: '/' }));
out.keys = listed.Contents.map((one) => one.Key);
out.prefixes = listed.CommonPrefixes.map((one) => one.Prefix);
out.absent = await fails(s3.send(new GetObjectCommand(at('own/none'))));
out.denied = await fails(s3.send(new GetObjectCommand(at('other/secret.txt'))));
out.written = await fails(s3.send(new PutObjectCommand({ ...at('own/a.txt'), Body: 'x' })));
process.stdout.write(JSON.stringify(out));
