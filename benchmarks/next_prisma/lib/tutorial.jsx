import { notFound } from "next/navigation";
import { database } from "./database.js";

export const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });

export async function Tutorial({ slug }) {
  const found = await database.tutorial.findFirst({
    where: { slug, status: "published" },
    include: { topic: true, author: true },
  });
  if (!found) notFound();
  return (
    <>
      <title>{found.title}</title>
      <h1>{found.title}</h1>
      <p>{found.summary}</p>
      <p>
        {found.topic.name}, {found.difficulty}, {found.minutes} minutes, {DAY.format(found.publishedAt)}
        {found.author && `, ${found.author.name}`}
      </p>
      <ul>
        {found.tags.map((tag) => (
          <li key={tag}>
            <a href={`/tutorials/?tag=${encodeURIComponent(tag)}`}>{tag}</a>
          </li>
        ))}
      </ul>
      <div dangerouslySetInnerHTML={{ __html: found.bodyHtml }} />
      <form method="post">
        <button>Mark as read</button>
      </form>
    </>
  );
}
