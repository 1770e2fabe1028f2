import { database, PERSON, plain, SLUG } from "../../../../lib/database.js";

const COMMENT = { id: true, author: PERSON, bodyHtml: true, likesCount: true, createdAt: true };
const SHOWN = {
  id: true,
  title: true,
  type: true,
  category: SLUG,
  tags: true,
  author: PERSON,
  bodyHtml: true,
  likesCount: true,
  commentsCount: true,
  createdAt: true,
  activeAt: true,
  comments: { select: COMMENT, orderBy: { id: "asc" } },
};

export async function GET(_, { params }) {
  const { pk } = await params;
  const post = await database.post.findUnique({ where: { id: BigInt(pk) }, select: SHOWN });
  return post ? Response.json(plain(post)) : Response.json({ detail: "Not found" }, { status: 404 });
}
