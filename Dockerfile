FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY prisma prisma
COPY scripts scripts
RUN npm ci

FROM node:24-slim AS production
WORKDIR /app
COPY package.json package-lock.json ./
# Nothing that is needed at run time builds anything: the native parts come as prebuilt binaries.
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force
COPY prisma prisma
COPY blueprints blueprints
COPY templates templates
COPY src src
COPY --from=build /app/src/generated src/generated

ENV NODE_ENV=production HOST=0.0.0.0 PORT=9000 DATA_DIR=/data
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node
EXPOSE 9000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "src/main.ts"]
CMD ["serve"]
