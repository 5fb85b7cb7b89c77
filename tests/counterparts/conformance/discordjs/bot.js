// A bot made with discord.js, unchanged: its REST base is the only thing that is not Discord's own.
// Its one argument is JSON: token, url (without the version), channel, picture (PNG, base64).

import {
  ActionRowBuilder,
  ApplicationIntegrationType,
  AttachmentBuilder,
  ButtonBuilder,
  ButtonStyle,
  Client,
  EmbedBuilder,
  Events,
  GatewayIntentBits,
  InteractionContextType,
  MessageFlags,
  SlashCommandBuilder,
  StringSelectMenuBuilder,
} from 'discord.js';

const order = JSON.parse(process.argv[2]);
const picture = () =>
  new AttachmentBuilder(Buffer.from(order.picture, 'base64'), { name: 'map.png', description: 'A heatmap of BTC' });
const buttons = new ActionRowBuilder().addComponents(
  new ButtonBuilder().setCustomId('refresh').setLabel('Refresh').setStyle(ButtonStyle.Primary),
  new ButtonBuilder().setLabel('Site').setStyle(ButtonStyle.Link).setURL('https://example.org'),
);
const menu = new ActionRowBuilder().addComponents(
  new StringSelectMenuBuilder().setCustomId('window').addOptions(['1d', '7d'].map((w) => ({ label: w, value: w }))),
);
const heatmap = new SlashCommandBuilder()
  .setName('heatmap')
  .setDescription('Draws a heatmap')
  .setContexts(InteractionContextType.Guild, InteractionContextType.BotDM)
  .setIntegrationTypes(ApplicationIntegrationType.GuildInstall, ApplicationIntegrationType.UserInstall)
  .addStringOption((option) =>
    option.setName('coin').setDescription('The coin').setRequired(true).setAutocomplete(true),
  )
  .addIntegerOption((option) => option.setName('days').setDescription('How long').setMinValue(1).setMaxValue(30));
const settings = new SlashCommandBuilder()
  .setName('settings')
  .setDescription('Changes settings')
  .setDefaultMemberPermissions(32)
  .addSubcommand((sub) =>
    sub
      .setName('channel')
      .setDescription('Where alerts go')
      .addChannelOption((option) => option.setName('where').setDescription('A channel').setRequired(true)),
  );

const client = new Client({
  intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages],
  rest: { api: order.url },
});

client.once(Events.ClientReady, async () => {
  await client.application.commands.set([heatmap, settings]);
  const channel = await client.channels.fetch(order.channel);
  const alert = { content: 'alert', files: [picture()], nonce: 'delivery-1', enforceNonce: true };
  const first = await channel.send(alert);
  const again = await channel.send(alert);
  if (first.id !== again.id) throw new Error('the nonce did not hold');
});

client.on(Events.InteractionCreate, async (interaction) => {
  if (interaction.isAutocomplete()) {
    const typed = interaction.options.getFocused().toUpperCase();
    await interaction.respond(['BTC', 'ETH'].filter((c) => c.includes(typed)).map((c) => ({ name: c, value: c })));
  } else if (interaction.isButton()) {
    await interaction.deferUpdate();
    await interaction.editReply({ content: 'refreshed' });
    await interaction.followUp({ content: 'only for you', flags: MessageFlags.Ephemeral });
  } else if (interaction.isStringSelectMenu()) {
    await interaction.update({ content: `window ${interaction.values[0]}`, components: [buttons] });
  } else if (interaction.commandName === 'heatmap') {
    await interaction.deferReply();
    const embed = new EmbedBuilder()
      .setTitle(interaction.options.getString('coin'))
      .addFields({ name: 'days', value: `${interaction.options.getInteger('days')}` })
      .setImage('attachment://map.png');
    await interaction.editReply({ embeds: [embed], files: [picture()], components: [buttons, menu] });
  } else if (interaction.commandName === 'settings') {
    const where = interaction.options.getChannel('where');
    const sent = await interaction.reply({ content: `to ${where.name}`, flags: MessageFlags.Ephemeral, withResponse: true });
    await interaction.followUp({ content: `answered ${sent.resource.message.id}`, flags: MessageFlags.Ephemeral });
  }
});

process.on('SIGTERM', async () => {
  await client.destroy();
  process.exit(0);
});

await client.login(order.token);
