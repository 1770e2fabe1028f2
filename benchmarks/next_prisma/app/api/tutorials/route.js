import { database, PERSON, plain, SLUG } from "../../../lib/database.js";

const SHOWN = {
  slug: true,
  title: true,
  summary: true,
  topic: SLUG,
  author: PERSON,
  tags: true,
  difficulty: true,
  access: true,
  minutes: true,
  publishedAt: true,
};

export async function GET(request) {
  const page = Number(request.nextUrl.searchParams.get("page") ?? 1);
  const where = { status: "published" };
  const [count, results] = await Promise.all([
    database.tutorial.count({ where }),
    database.tutorial.findMany({
      where,
      select: SHOWN,
      orderBy: [{ publishedAt: "desc" }, { id: "desc" }],
      take: 20,
      skip: 20 * (page - 1),
    }),
  ]);
  return Response.json({ count, results: plain(results) });
}
