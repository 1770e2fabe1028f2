import { database } from "../../../../lib/database.js";

export async function POST(request) {
  const { events } = await request.json();
  const data = events.map(({ id, name, path, properties }) => ({ id, name, subject: path, properties }));
  await database.event.createMany({ data });
  return Response.json({ accepted: data.length }, { status: 202 });
}
