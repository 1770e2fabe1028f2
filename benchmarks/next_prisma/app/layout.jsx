export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <nav>
          <a href="/">Home</a> <a href="/tutorials/">Tutorials</a> <a href="/community/">Community</a>{" "}
          <a href="/accounts/login/">Sign in</a>
        </nav>
        <main>{children}</main>
      </body>
    </html>
  );
}
