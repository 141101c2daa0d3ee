"""A Django app with its usual protections: CSRF, sessions, and Django REST framework's tokens, permissions and throttles.

django_app.py PORT
"""
import sys

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="tests-only", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, USE_TZ=True, DEBUG=False,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "rest_framework",
                    "rest_framework.authtoken"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware"],
    CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"]},
)
django.setup()

from django.contrib.auth.decorators import login_required  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework.authtoken.models import Token  # noqa: E402
from rest_framework.permissions import AllowAny, IsAdminUser, IsAuthenticated  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.throttling import AnonRateThrottle  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


class Seldom(AnonRateThrottle):
    rate = "1/hour"


def view(*permissions, throttles=()):
    class View(APIView):
        permission_classes = permissions
        throttle_classes = throttles

        def get(self, request):
            return Response({"hello": str(request.user)})

    return View.as_view()


urlpatterns = [
    path("form", lambda request: HttpResponse("saved")),
    path("page", login_required(lambda request: HttpResponse("page"), login_url="/accounts/login/")),
    path("accounts/login/", lambda request: HttpResponse("<title>Log in</title><form method=post><input name=password></form>")),
    path("api/mine", view(IsAuthenticated)),
    path("api/admin", view(IsAdminUser)),
    path("api/seldom", view(AllowAny, throttles=(Seldom,))),
]


def main():
    from wsgiref.simple_server import WSGIRequestHandler, make_server
    from django.core.wsgi import get_wsgi_application

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_):
            pass

    call_command("migrate", verbosity=0)
    Token.objects.create(user=User.objects.create_user("alice"), key="a" * 40)
    Token.objects.create(user=User.objects.create_user("gone", is_active=False), key="b" * 40)
    make_server("127.0.0.1", int(sys.argv[1]), get_wsgi_application(), handler_class=Quiet).serve_forever()


main()
