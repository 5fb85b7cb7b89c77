// A small bot as its authors' documentation would write it; only the server's address is ours.
// Started with one argument, JSON: {"url": …, "token": …, "picture": base64 of a PNG}.

import { Bot, GrammyError, HttpError, InlineKeyboard, InputFile, InputMediaBuilder } from "grammy";

const { url, token, picture } = JSON.parse(process.argv[2]);
const bot = new Bot(token, { client: { apiRoot: url } });
const keyboard = new InlineKeyboard().text("Refresh", "refresh:BTC").text("Mute", "mute").row().url("Site", "https://example.org");
let fileId;

bot.command("start", (ctx) =>
  ctx.reply(`<b>Hello</b> ${ctx.from.first_name} &amp; ${ctx.match}`, { parse_mode: "HTML", reply_markup: keyboard }));

bot.callbackQuery(/^refresh:(\w+)$/, async (ctx) => {
  await ctx.answerCallbackQuery({ text: `fresh ${ctx.match[1]}`, show_alert: true });
  await ctx.editMessageText("Refreshed", { reply_markup: keyboard });
});

bot.command("photo", async (ctx) => {
  const file = new InputFile(Buffer.from(picture, "base64"), "map.png");
  const sent = await ctx.replyWithPhoto(file, { caption: "*BTC* 1\\.5", parse_mode: "MarkdownV2" });
  fileId = sent.photo.at(-1).file_id;
  const again = await ctx.replyWithPhoto(fileId, { caption: "again" });
  await ctx.api.editMessageCaption(ctx.chat.id, again.message_id, { caption: "edited" });
});

bot.command("swap", async (ctx) => {
  const sent = await ctx.replyWithPhoto(fileId, { caption: "before" });
  const file = new InputFile(Buffer.from(picture, "base64"), "other.png");
  await ctx.api.editMessageMedia(ctx.chat.id, sent.message_id, InputMediaBuilder.photo(file, { caption: "after" }));
});

bot.command("same", async (ctx) => {
  const sent = await ctx.reply("same");
  await ctx.api.editMessageText(ctx.chat.id, sent.message_id, "same");
});

bot.command("topic", (ctx) => ctx.reply("in the topic"));

bot.on("my_chat_member", async (ctx) => {
  const { status } = ctx.myChatMember.new_chat_member;
  if (status === "administrator") {
    const admins = await ctx.getChatAdministrators();
    await ctx.reply(`admins: ${admins.map((admin) => admin.status).sort().join(", ")}`);
  }
});

// What went wrong is told to whoever asked: the person in the test reads it there.
bot.catch(async ({ error, ctx }) => {
  if (error instanceof GrammyError) {
    await new Promise((resolve) => setTimeout(resolve, 1000 * (error.parameters.retry_after ?? 0)));
    await ctx.reply(`refused ${error.error_code} ${JSON.stringify(error.parameters)}: ${error.description}`);
  } else if (error instanceof HttpError) {
    await ctx.reply("the connection failed");
  } else {
    throw error;
  }
});

process.once("SIGTERM", () => bot.stop());
await bot.api.setMyCommands([{ command: "start", description: "Begin" }]);
await bot.api.setMyCommands([{ command: "start", description: "Beginnen" }], { language_code: "de", scope: { type: "all_private_chats" } });
await bot.start({ drop_pending_updates: false });
