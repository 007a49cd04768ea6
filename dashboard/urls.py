"""Addresses of the human side. ``/stores…`` and ``/health`` stay free for the REST API."""

from django.urls import include, path, register_converter

from dashboard.paths import ExportFormatConverter, OpaqueConverter
from dashboard.views.blocks import block_detail, block_image, message_text, tool_call_text
from dashboard.views.exports import MessageExportView, SessionExportView, ToolCallExportView
from dashboard.views.messages import MessageListView
from dashboard.views.overview import overview
from dashboard.views.session import session_detail
from dashboard.views.sessions import SessionListView
from dashboard.views.stores import store_list, store_remove
from dashboard.views.tool_call import tool_call_detail
from dashboard.views.tool_calls import ToolCallListView

__all__ = ["urlpatterns"]

register_converter(OpaqueConverter, "opaque")
register_converter(ExportFormatConverter, "export_format")

_lists = [
    path("sessions/", SessionListView.as_view(), name="session_list"),
    path("messages/", MessageListView.as_view(), name="message_list"),
    path("tool-calls/", ToolCallListView.as_view(), name="tool_call_list"),
]
_exports = [
    path(f"{name}.<export_format:export_format>", view.as_view(), name=f"{url_name}_export")
    for name, url_name, view in (
        ("sessions", "session", SessionExportView),
        ("messages", "message", MessageExportView),
        ("tool-calls", "tool_call", ToolCallExportView),
    )
]
_details = [
    path("sessions/<opaque:agent_id>/", session_detail, name="session_detail"),
    path("tool-calls/<opaque:call_id>/", tool_call_detail, name="tool_call_detail"),
    # The id comes last: it may hold anything, slashes included.
    path("call-text/<str:part>/<opaque:call_id>/", tool_call_text, name="tool_call_text"),
    path("message-text/<int:seq>/<opaque:agent_id>/", message_text, name="message_text"),
    path("blocks/<int:seq>/<int:index>/<opaque:agent_id>/", block_detail, name="block_detail"),
    path("images/<int:seq>/<int:index>/<opaque:agent_id>/", block_image, name="block_image"),
]

urlpatterns = [
    path("", overview, name="overview"),
    path("browse/<slug:store>/", include([*_lists, *_exports, *_details])),
    path("manage/stores/", store_list, name="store_list"),
    path("manage/stores/<slug:store>/remove/", store_remove, name="store_remove"),
]
