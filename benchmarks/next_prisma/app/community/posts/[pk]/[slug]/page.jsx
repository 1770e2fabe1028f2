import { notFound } from "next/navigation";
import { database } from "../../../../../lib/database.js";
import { DAY } from "../../../../../lib/tutorial.jsx";

export const dynamic = "force-dynamic";

export default async function Page({ params }) {
  const { pk } = await params;
  const post = await database.post.findUnique({
    where: { id: BigInt(pk) },
    include: { category: true, author: true, comments: { include: { author: true }, orderBy: { id: "asc" } } },
  });
  if (!post) notFound();
  return (
    <>
      <title>{post.title}</title>
      <h1>{post.title}</h1>
      <p>
        {post.author?.name} in {post.category.name}, {DAY.format(post.createdAt)}
      </p>
      <div dangerouslySetInnerHTML={{ __html: post.bodyHtml }} />
      <p>{post.likesCount} likes</p>
      {post.comments.map((comment) => (
        <article key={comment.id} id={`c${comment.id}`}>
          <p>
            {comment.author?.name}{" "}
            <time dateTime={comment.createdAt.toISOString()}>{DAY.format(comment.createdAt)}</time>
          </p>
          <div dangerouslySetInnerHTML={{ __html: comment.bodyHtml }} />
          <p>
            {comment.likesCount} likes <a href={`/community/comments/${comment.id}/like/`}>Like</a>{" "}
            <a href={`/community/comments/${comment.id}/reply/`}>Reply</a>
          </p>
        </article>
      ))}
      <form method="post">
        <textarea name="body" />
        <button>Answer</button>
      </form>
    </>
  );
}
