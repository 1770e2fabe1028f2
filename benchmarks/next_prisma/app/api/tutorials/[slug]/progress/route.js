import { database } from "../../../../../lib/database.js";

export async function PUT(request, { params }) {
  const { slug } = await params;
  const { user, fraction } = await request.json();
  const { id } = await database.tutorial.findUniqueOrThrow({ where: { slug }, select: { id: true } });
  const userId = BigInt(user);
  await database.$transaction(async (transaction) => {
    const known = { userId_tutorialId: { userId, tutorialId: id } };
    const before = await transaction.progress.findUnique({ where: known, select: { fraction: true } });
    const now = { fraction: Math.max(before?.fraction ?? 0, fraction), movedAt: new Date() };
    await transaction.progress.upsert({ where: known, create: { userId, tutorialId: id, ...now }, update: now });
  });
  return Response.json({ fraction });
}
