import { Tutorial } from "../../../lib/tutorial.jsx";

// Rendered at the first request and then kept, which Next calls incremental static regeneration.
export const revalidate = 60;
export const generateStaticParams = () => [];

export default async function Page({ params }) {
  const { slug } = await params;
  return <Tutorial slug={slug} />;
}
