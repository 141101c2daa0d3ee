// An Express app with express-jwt in front of one route and a key in front of another.
// express_app.mjs PORT
import express from 'express';
import { expressjwt } from 'express-jwt';

const app = express();
app.use('/api', expressjwt({ secret: 'tests-only', algorithms: ['HS256'], audience: 'orders', issuer: 'https://issuer.test' }));
app.get('/api/orders', (_, response) => response.json([]));
app.get('/key', (request, response) =>
  request.get('x-api-key') === 'right' ? response.json({}) : response.status(401).json({ message: 'Missing or wrong X-API-Key header' }));
app.get('/admin', (_, response) => response.status(403).json({ message: 'Requires role admin' }));
app.use((error, _request, response, _next) => response.status(error.status ?? 500).json({ code: error.code, message: error.message }));
app.listen(Number(process.argv[2]), '127.0.0.1');
