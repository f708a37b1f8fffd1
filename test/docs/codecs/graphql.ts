import type { INestApplication } from '@nestjs/common';
import type { GraphQLSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { ConnectionHealthService } from 'nestjs-connection-health';
import { WebSocketServer } from 'ws';

export function serveGraphql(app: INestApplication, schema: GraphQLSchema): void {
  const server = new WebSocketServer({ port: 4000, path: '/graphql' });
  useServer({ schema }, server);
  app.get(ConnectionHealthService).watch(server, { name: 'graphql', heartbeat: { codec: 'graphql-ws' } });
}
