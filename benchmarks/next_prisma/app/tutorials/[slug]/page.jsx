import { Tutorial } from "../../../lib/tutorial.jsx";

export const dynamic = "force-dynamic";

export default async function Page({ params }) {
  const { slug } = await params;
  return <Tutorial slug={slug} />;
}
