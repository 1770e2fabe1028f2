"""FastAPI with SQLAlchemy's objects over asyncpg, as their tutorials have it, on the platform's rows.

It runs in an environment of its own (`sides.py`), served by granian with one worker and uvloop. Nobody signs in here,
nothing is limited, and nothing is written down. DATABASE_URL says which database; events go into `plain_events`.
"""

from __future__ import annotations

import os
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fastapi import FastAPI, HTTPException, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ARRAY, BigInteger, DateTime, ForeignKey, String, func, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship, selectinload

url = urlsplit(os.environ["DATABASE_URL"])
host = parse_qs(url.query).get("host", [url.hostname or ""])[0]
engine = create_async_engine(
    f"postgresql+asyncpg://{url.username}@/{url.path.lstrip('/')}?host={host}", pool_size=8, max_overflow=0
)
session = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    type_annotation_map = {
        list[str]: ARRAY(String),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        int: BigInteger,
        datetime: DateTime(timezone=True),
    }


class Person(Base):
    __tablename__ = "accounts_user"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Topic(Base):
    __tablename__ = "tutorials_topic"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str]


class Tutorial(Base):
    __tablename__ = "tutorials_tutorial"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str]
    title: Mapped[str]
    summary: Mapped[str]
    topic_id: Mapped[int] = mapped_column(ForeignKey("tutorials_topic.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("accounts_user.id"))
    tags: Mapped[list[str]]
    difficulty: Mapped[str]
    access: Mapped[str]
    minutes: Mapped[int]
    status: Mapped[str]
    published_at: Mapped[datetime]
    topic: Mapped[Topic] = relationship()
    author: Mapped[Person | None] = relationship()


class Category(Base):
    __tablename__ = "community_category"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str]


class Comment(Base):
    __tablename__ = "community_comment"
    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("community_post.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("accounts_user.id"))
    body_html: Mapped[str]
    likes_count: Mapped[int]
    created_at: Mapped[datetime]
    author: Mapped[Person | None] = relationship()


class Post(Base):
    __tablename__ = "community_post"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    type: Mapped[str]
    category_id: Mapped[int] = mapped_column(ForeignKey("community_category.id"))
    tags: Mapped[list[str]]
    body_html: Mapped[str]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("accounts_user.id"))
    likes_count: Mapped[int]
    comments_count: Mapped[int]
    created_at: Mapped[datetime]
    active_at: Mapped[datetime]
    category: Mapped[Category] = relationship()
    author: Mapped[Person | None] = relationship()
    comments: Mapped[list[Comment]] = relationship(order_by=Comment.id)


class Progress(Base):
    __tablename__ = "tutorials_tutorialprogress"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    tutorial_id: Mapped[int]
    fraction: Mapped[float]
    seconds: Mapped[int]
    visits: Mapped[list[Any]]
    block: Mapped[str]
    started_at: Mapped[datetime]
    moved_at: Mapped[datetime]


class Like(Base):
    __tablename__ = "community_like"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    post_id: Mapped[int]
    created_at: Mapped[datetime]


class Event(Base):
    __tablename__ = "plain_events"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    visitor: Mapped[int]
    audience_id: Mapped[int]
    name: Mapped[str]
    subject: Mapped[str]
    source: Mapped[str]
    properties: Mapped[dict[str, Any]]


class Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class PersonOut(Out):
    id: int
    name: str


class SlugOut(Out):
    slug: str


class TutorialOut(Out):
    slug: str
    title: str
    summary: str
    topic: SlugOut
    author: PersonOut | None
    tags: list[str]
    difficulty: str
    access: str
    minutes: int
    published_at: datetime


class TutorialsOut(Out):
    count: int
    results: list[TutorialOut]


class CommentOut(Out):
    id: int
    author: PersonOut | None
    body_html: str
    likes_count: int
    created_at: datetime


class PostOut(Out):
    id: int
    title: str
    type: str
    category: SlugOut
    tags: list[str]
    author: PersonOut | None
    body_html: str
    likes_count: int
    comments_count: int
    created_at: datetime
    active_at: datetime
    comments: list[CommentOut]


class EventIn(BaseModel):
    id: uuid.UUID
    name: str
    path: str
    properties: dict[str, Any]


class EventsIn(BaseModel):
    events: list[EventIn]


class ProgressIn(BaseModel):
    user: int
    fraction: float


class LikeIn(BaseModel):
    user: int


async def tutorials(page: int = 1) -> Any:
    published = Tutorial.status == "published"
    async with session() as database:
        count = await database.scalar(select(func.count()).select_from(Tutorial).where(published))
        found = await database.scalars(
            select(Tutorial)
            .where(published)
            .options(joinedload(Tutorial.topic), joinedload(Tutorial.author))
            .order_by(Tutorial.published_at.desc(), Tutorial.id.desc())
            .limit(20)
            .offset(20 * (page - 1))
        )
        return {"count": count, "results": found.all()}


async def post(pk: int) -> Any:
    async with session() as database:
        found = await database.scalar(
            select(Post)
            .where(Post.id == pk)
            .options(
                joinedload(Post.category),
                joinedload(Post.author),
                selectinload(Post.comments).joinedload(Comment.author),
            )
        )
    if found is None:
        raise HTTPException(404)
    return found


async def events(asked: EventsIn, response: Response) -> Any:
    now = datetime.now(UTC)
    async with session() as database, database.begin():
        for each in asked.events:
            known = {"id": each.id, "name": each.name, "subject": each.path, "properties": each.properties}
            database.add(Event(**known, at=now, visitor=-1, audience_id=1, source=""))
    response.status_code = 202
    return {"accepted": len(asked.events)}


async def progress(slug: str, asked: ProgressIn) -> Any:
    now = datetime.now(UTC)
    async with session() as database, database.begin():
        tutorial = await database.scalar(select(Tutorial.id).where(Tutorial.slug == slug))
        known = {"user_id": asked.user, "tutorial_id": tutorial, "fraction": asked.fraction}
        beginning = {"seconds": 0, "visits": [], "block": "", "started_at": now, "moved_at": now}
        row = insert(Progress).values(**known, **beginning)
        later = {"fraction": func.greatest(Progress.fraction, row.excluded.fraction), "moved_at": now}
        await database.execute(row.on_conflict_do_update(index_elements=["user_id", "tutorial_id"], set_=later))
    return {"fraction": asked.fraction}


async def like(pk: int, asked: LikeIn) -> Any:
    async with session() as database, database.begin():
        row = insert(Like).values(user_id=asked.user, post_id=pk, created_at=datetime.now(UTC))
        made = await database.execute(row.on_conflict_do_nothing().returning(Like.id))
        if made.first():
            counted = update(Post).where(Post.id == pk).values(likes_count=Post.likes_count + 1)
            await database.execute(counted, execution_options={"synchronize_session": False})
    return {"liked": True}


application = FastAPI()
application.add_api_route("/api/tutorials", tutorials, response_model=TutorialsOut)
application.add_api_route("/api/posts/{pk}", post, response_model=PostOut)
application.add_api_route("/api/analytics/events", events, methods=["POST"])
application.add_api_route("/api/tutorials/{slug}/progress", progress, methods=["PUT"])
application.add_api_route("/api/posts/{pk}/like", like, methods=["PUT"])
