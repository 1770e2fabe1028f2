import { database } from "../../lib/database.js";
import { DAY } from "../../lib/tutorial.jsx";

export const dynamic = "force-dynamic";

export default async function Page() {
  const where = { state: "published" };
  const [count, posts] = await Promise.all([
    database.post.count({ where }),
    database.post.findMany({
      where,
      include: { category: true, author: true },
      omit: { bodyHtml: true },
      orderBy: [{ activeAt: "desc" }, { id: "desc" }],
      take: 20,
    }),
  ]);
  return (
    <>
      <title>Community</title>
      <h1>Community</h1>
      <p>{count} posts</p>
      {posts.map((post) => (
        <article key={post.id}>
          <h2>
            <a href={`/community/posts/${post.id}/-/`}>{post.title}</a>
          </h2>
          <p>{post.text.slice(0, 160)}</p>
          <p>
            {post.author?.name} in {post.category.name},{" "}
            <time dateTime={post.activeAt.toISOString()}>{DAY.format(post.activeAt)}</time>
          </p>
          <p>
            {post.likesCount} likes, {post.commentsCount} comments
          </p>
          <ul>
            {post.tags.map((tag) => (
              <li key={tag}>
                <a href={`/community/tags/${encodeURIComponent(tag)}/`}>{tag}</a>
              </li>
            ))}
          </ul>
        </article>
      ))}
    </>
  );
}
