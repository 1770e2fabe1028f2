import { database } from "../../../../../lib/database.js";

export async function PUT(request, { params }) {
  const id = BigInt((await params).pk);
  const { user } = await request.json();
  await database.$transaction(async (transaction) => {
    const data = [{ userId: BigInt(user), postId: id }];
    const { count } = await transaction.like.createMany({ data, skipDuplicates: true });
    if (count) {
      await transaction.post.update({ where: { id }, data: { likesCount: { increment: 1 } }, select: { id: true } });
    }
  });
  return Response.json({ liked: true });
}
