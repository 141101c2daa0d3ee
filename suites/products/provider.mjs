// A certified OpenID provider on plain HTTP, with one client and its built-in login pages.
// provider.mjs PORT
import Provider from 'oidc-provider';

const port = Number(process.argv[2]);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: 'orders', client_secret: 'tests-only', redirect_uris: ['https://orders.test/callback'],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  }],
  features: { clientCredentials: { enabled: true }, introspection: { enabled: true }, jwtIntrospection: { enabled: true }, revocation: { enabled: true } },
  scopes: ['openid', 'offline_access', 'orders:read'],
});
provider.listen(port, '127.0.0.1');
