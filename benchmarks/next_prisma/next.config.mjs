export default {
  serverExternalPackages: ["@prisma/client", "@prisma/adapter-pg", "pg"],
  trailingSlash: false,
  skipTrailingSlashRedirect: true,
};
