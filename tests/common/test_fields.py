"""How a field of a form comes to the page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.template import Context, Template

from common.templatetags.texts import in_fours


class BookForm(forms.Form):
    title = forms.CharField(help_text="As on the <cover>.", widget=forms.TextInput(attrs={"placeholder": "Title"}))
    pages = forms.IntegerField(required=False)
    secret = forms.CharField(widget=forms.PasswordInput)
    lent = forms.BooleanField(required=False)
    shelf = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)


def show(form: forms.Form, tag: str) -> str:
    return Template("{% load fields %}{% " + tag + " %}").render(Context({"form": form}))


def test_a_hint_is_tied_to_its_control() -> None:
    html = show(BookForm(), "field form.title")
    assert 'aria-describedby="id_title_helptext"' in html
    assert 'id="id_title_helptext">As on the &lt;cover&gt;.<' in html
    assert '<label class="field__label" for="id_title">' in html
    assert "placeholder" not in html


def test_label_hint_and_attributes_can_be_given() -> None:
    html = show(BookForm(), 'field form.title label="Name" hint="Short." autocomplete="off" data_kind="book"')
    assert "Name" in html
    assert "Short." in html
    assert 'autocomplete="off"' in html
    assert 'data-kind="book"' in html
    html = show(BookForm(), 'field form.title hint=""')
    assert "helptext" not in html


def test_optional_fields_are_marked_and_required_ones_not() -> None:
    assert "(optional)" in show(BookForm(), "field form.pages")
    assert "(optional)" not in show(BookForm(), "field form.title")


def test_an_error_stands_beside_its_field_and_the_first_one_takes_the_focus() -> None:
    form = BookForm({"pages": "many"})
    html = show(form, "field form.title")
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_title_helptext id_title_error"' in html
    assert 'id="id_title_error"' in html
    assert " autofocus" in html
    assert " autofocus" not in show(form, "field form.pages")


def test_an_error_of_the_whole_form_comes_before_those_of_fields() -> None:
    form = BookForm({})
    form.add_error(None, "There is such a book already.")
    assert " autofocus" not in show(form, "field form.title")
    alert = Template('{% include "components/form_errors.html" %}').render(Context({"form": form}))
    assert "There is such a book already." in alert
    assert " autofocus" in alert


def test_each_kind_has_its_markup() -> None:
    form = BookForm()
    assert 'class="field__secret"' in show(form, "field form.secret")
    assert 'class="choice"' in show(form, "field form.lent")
    shelf = show(form, "field form.shelf")
    assert "<fieldset" in shelf
    assert "<legend" in shelf


def test_a_long_text_is_read_in_fours() -> None:
    cases: dict[str, Any] = {"": [], "ABC": ["ABC"], "ABCDEFGH": ["ABCD", "EFGH"], "ABCDE": ["ABCD", "E"]}
    for text, parts in cases.items():
        assert in_fours(text) == parts
