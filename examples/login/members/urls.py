"""Where things are: the site's two pages, the package's, and what a call says."""

from django.contrib.auth.views import LogoutView
from django.urls import include, path
from two_factor.gateways.twilio.urls import urlpatterns as calls
from two_factor.urls import urlpatterns as two_factor

from members import views

urlpatterns = [
    path("", views.home, name="home"),
    path("club/", views.club, name="club"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("", include(two_factor)),
    path("", include(calls)),
]
