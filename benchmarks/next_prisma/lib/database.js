import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "@prisma/client";

// A socket is named in the query, beside no host at all, which URL does not know.
const url = new URL(process.env.DATABASE_URL.replace("@/", "@socket/"));

// As many connections as the platform has.
export const database = new PrismaClient({
  adapter: new PrismaPg({
    host: url.searchParams.get("host") ?? url.hostname,
    user: url.username,
    database: url.pathname.slice(1),
    max: 8,
  }),
});

export const PERSON = { select: { id: true, name: true } };
export const SLUG = { select: { slug: true } };

// JSON has no bigint.
export function plain(value) {
  return JSON.parse(JSON.stringify(value, (_, each) => (typeof each === "bigint" ? Number(each) : each)));
}
