"""Two pages: one for everybody, one for members whose second factor was right."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_otp.decorators import otp_required


def home(request: HttpRequest) -> HttpResponse:
    return render(request, "members/home.html")


@otp_required
def club(request: HttpRequest) -> HttpResponse:
    return render(request, "members/club.html")
