
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Lease',
            fields=[
                ('instrument', models.PositiveIntegerField(primary_key=True, serialize=False)),
                ('epoch', models.BigIntegerField(default=0)),
                ('holder', models.CharField(blank=True, max_length=64)),
                ('renewed_at', models.DateTimeField()),
                ('sequence', models.BigIntegerField(default=0)),
                ('inbox_id', models.CharField(default='0-0', max_length=48)),
                ('last_order', models.BigIntegerField(default=0)),
                ('last_price', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Snapshot',
            fields=[
                ('instrument', models.PositiveIntegerField(primary_key=True, serialize=False)),
                ('sequence', models.BigIntegerField()),
                ('content', models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name='TradingAccount',
            fields=[
                ('number', models.AutoField(primary_key=True, serialize=False)),
                ('owner', models.UUIDField(unique=True)),
                ('frozen', models.BooleanField(default=False)),
                ('opened_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Instrument',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField(unique=True)),
                ('symbol', models.CharField(max_length=40, unique=True)),
                ('asset', models.CharField(max_length=40)),
                ('quote', models.CharField(max_length=40)),
                ('asset_decimals', models.PositiveSmallIntegerField()),
                ('quote_decimals', models.PositiveSmallIntegerField()),
                ('tick', models.BigIntegerField()),
                ('lot', models.BigIntegerField()),
                ('lowest', models.BigIntegerField(default=0)),
                ('highest', models.BigIntegerField(default=0)),
                ('buyer_maker_bps', models.PositiveSmallIntegerField()),
                ('buyer_taker_bps', models.PositiveSmallIntegerField()),
                ('seller_maker_bps', models.PositiveSmallIntegerField()),
                ('seller_taker_bps', models.PositiveSmallIntegerField()),
                ('state', models.CharField(choices=[('continuous', 'continuous'), ('halted', 'halted')], max_length=16)),
                ('opened_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('lot__gt', 0), ('tick__gt', 0)), name='trading_instrument_steps'), models.CheckConstraint(condition=models.Q(('highest__gte', 0), ('lowest__gte', 0), models.Q(('highest', 0), ('lowest__lte', models.F('highest')), _connector='OR')), name='trading_instrument_collar'), models.CheckConstraint(condition=models.Q(('buyer_maker_bps__lte', 1000), ('buyer_taker_bps__lte', 1000), ('seller_maker_bps__lte', 1000), ('seller_taker_bps__lte', 1000)), name='trading_instrument_fees'), models.CheckConstraint(condition=models.Q(('state__in', ['continuous', 'halted'])), name='trading_instrument_state_known')],
            },
        ),
        migrations.CreateModel(
            name='JournalBatch',
            fields=[
                ('pk', models.CompositePrimaryKey('instrument', 'first', blank=True, editable=False, primary_key=True, serialize=False)),
                ('instrument', models.PositiveIntegerField()),
                ('first', models.BigIntegerField()),
                ('last', models.BigIntegerField()),
                ('epoch', models.BigIntegerField()),
                ('inbox_id', models.CharField(max_length=48)),
                ('commands', models.BinaryField()),
                ('events', models.BinaryField()),
                ('state_hash', models.BinaryField(null=True)),
                ('at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('instrument', 'last'), name='trading_journal_once'), models.CheckConstraint(condition=models.Q(('first__gt', 0), ('last__gte', models.F('first'))), name='trading_journal_range')],
            },
        ),
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('instrument', models.PositiveIntegerField()),
                ('client_order_id', models.CharField(db_collation='C', max_length=64)),
                ('number', models.BigIntegerField(null=True)),
                ('priority', models.BigIntegerField(null=True)),
                ('side', models.CharField(choices=[('buy', 'buy'), ('sell', 'sell')], max_length=4)),
                ('order_type', models.CharField(choices=[('limit', 'limit'), ('market', 'market')], max_length=8)),
                ('time_in_force', models.CharField(choices=[('GTC', 'GTC'), ('DAY', 'DAY'), ('GTD', 'GTD'), ('IOC', 'IOC'), ('FOK', 'FOK')], max_length=4)),
                ('self_trade', models.CharField(choices=[('cancel_newest', 'cancel_newest'), ('cancel_oldest', 'cancel_oldest'), ('cancel_both', 'cancel_both'), ('decrement', 'decrement')], max_length=16)),
                ('post_only', models.BooleanField()),
                ('price', models.BigIntegerField()),
                ('quantity', models.BigIntegerField()),
                ('filled_quantity', models.BigIntegerField()),
                ('remaining', models.BigIntegerField()),
                ('maker_bps', models.PositiveSmallIntegerField()),
                ('taker_bps', models.PositiveSmallIntegerField()),
                ('maker_notional', models.BigIntegerField()),
                ('taker_notional', models.BigIntegerField()),
                ('fee', models.BigIntegerField()),
                ('status', models.CharField(choices=[('open', 'open'), ('partially_filled', 'partially_filled'), ('filled', 'filled'), ('cancelled', 'cancelled'), ('expired', 'expired'), ('rejected', 'rejected')], max_length=16)),
                ('reason', models.CharField(blank=True, choices=[('', ''), ('insufficient_funds', 'insufficient_funds'), ('account_frozen', 'account_frozen'), ('asset_suspended', 'asset_suspended'), ('instrument_halted', 'instrument_halted'), ('price_outside_collar', 'price_outside_collar'), ('open_quantity_limit', 'open_quantity_limit'), ('budget_exhausted', 'budget_exhausted'), ('self_trade', 'self_trade'), ('post_only_would_trade', 'post_only_would_trade'), ('fok_not_fillable', 'fok_not_fillable'), ('ioc_remainder', 'ioc_remainder'), ('no_liquidity', 'no_liquidity'), ('by_owner', 'by_owner'), ('by_venue', 'by_venue'), ('time_over', 'time_over'), ('order_not_open', 'order_not_open'), ('stale_version', 'stale_version'), ('client_order_id_reused', 'client_order_id_reused'), ('unknown_trading_account', 'unknown_trading_account'), ('too_late', 'too_late'), ('order_refused', 'order_refused')], max_length=32)),
                ('expires_at', models.DateTimeField(null=True)),
                ('version', models.PositiveIntegerField()),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('is_live', models.GeneratedField(db_persist=True, expression=models.Case(models.When(remaining__gt=0, then=True), default=False), output_field=models.BooleanField())),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trading.tradingaccount')),
            ],
        ),
        migrations.CreateModel(
            name='VenueCommand',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('instrument', models.PositiveIntegerField()),
                ('op', models.CharField(choices=[('halt', 'halt'), ('resume', 'resume'), ('set_collar', 'set_collar'), ('cancel_order', 'cancel_order'), ('freeze', 'freeze'), ('unfreeze', 'unfreeze'), ('expire', 'expire')], max_length=16)),
                ('order', models.BigIntegerField(null=True)),
                ('account', models.IntegerField(null=True)),
                ('lowest', models.BigIntegerField(default=0)),
                ('highest', models.BigIntegerField(default=0)),
                ('due_at', models.DateTimeField(null=True)),
                ('reason', models.CharField(blank=True, max_length=32)),
                ('created_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
                ('sequence', models.BigIntegerField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('done_at__isnull', True)), fields=['instrument', 'id'], name='trading_venue_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(('op__in', ['cancel_order', 'expire', 'freeze', 'halt', 'resume', 'set_collar', 'unfreeze'])), name='trading_venue_command_known')],
            },
        ),
        migrations.CreateModel(
            name='OrderStatusHistory',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('status', models.CharField(choices=[('open', 'open'), ('partially_filled', 'partially_filled'), ('filled', 'filled'), ('cancelled', 'cancelled'), ('expired', 'expired'), ('rejected', 'rejected')], max_length=16)),
                ('reason', models.CharField(blank=True, choices=[('', ''), ('insufficient_funds', 'insufficient_funds'), ('account_frozen', 'account_frozen'), ('asset_suspended', 'asset_suspended'), ('instrument_halted', 'instrument_halted'), ('price_outside_collar', 'price_outside_collar'), ('open_quantity_limit', 'open_quantity_limit'), ('budget_exhausted', 'budget_exhausted'), ('self_trade', 'self_trade'), ('post_only_would_trade', 'post_only_would_trade'), ('fok_not_fillable', 'fok_not_fillable'), ('ioc_remainder', 'ioc_remainder'), ('no_liquidity', 'no_liquidity'), ('by_owner', 'by_owner'), ('by_venue', 'by_venue'), ('time_over', 'time_over'), ('order_not_open', 'order_not_open'), ('stale_version', 'stale_version'), ('client_order_id_reused', 'client_order_id_reused'), ('unknown_trading_account', 'unknown_trading_account'), ('too_late', 'too_late'), ('order_refused', 'order_refused')], max_length=32)),
                ('sequence', models.BigIntegerField(null=True)),
                ('at', models.DateTimeField()),
                ('order', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trading.order')),
            ],
            options={
                'db_table': 'order_status_history',
                'indexes': [models.Index(fields=['order', 'id'], name='order_status_history_order')],
            },
        ),
        migrations.CreateModel(
            name='Trade',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('instrument', models.PositiveIntegerField()),
                ('sequence', models.BigIntegerField()),
                ('fill', models.PositiveIntegerField()),
                ('taker_side', models.CharField(choices=[('buy', 'buy'), ('sell', 'sell')], max_length=4)),
                ('price', models.BigIntegerField()),
                ('quantity', models.BigIntegerField()),
                ('notional', models.BigIntegerField()),
                ('buyer_fee', models.BigIntegerField()),
                ('seller_fee', models.BigIntegerField()),
                ('executed_at', models.DateTimeField()),
                ('settlement_status', models.CharField(choices=[('pending', 'pending'), ('settled', 'settled'), ('failed', 'failed')], db_default='pending', default='pending', max_length=16)),
                ('tx_hash', models.CharField(blank=True, db_default='', default='', max_length=66)),
                ('buy_order', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trading.order')),
                ('sell_order', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trading.order')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('instrument', 'sequence', 'fill'), name='trading_trade_once'), models.CheckConstraint(condition=models.Q(('buyer_fee__gte', 0), ('notional__gt', 0), ('price__gt', 0), ('quantity__gt', 0), ('seller_fee__gte', 0)), name='trading_trade_amounts'), models.CheckConstraint(condition=models.Q(('settlement_status__in', ['failed', 'pending', 'settled'])), name='trading_trade_settlement_known')],
            },
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['account', '-id'], name='trading_order_of_account'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('is_live', True)), fields=['instrument', 'priority'], name='trading_order_live'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('expires_at__isnull', False), ('is_live', True)), fields=['expires_at'], name='trading_order_expiring'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.UniqueConstraint(fields=('account', 'client_order_id'), name='trading_order_once'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.UniqueConstraint(fields=('instrument', 'number'), name='trading_order_number'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('side__in', ['buy', 'sell'])), name='trading_order_side_known'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['cancelled', 'expired', 'filled', 'open', 'partially_filled', 'rejected'])), name='trading_order_status_known'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('fee__gte', 0), ('filled_quantity__gte', 0), ('price__gte', 0), ('quantity__gt', 0), ('remaining__gte', 0)), name='trading_order_amounts'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('number__isnull', False), ('remaining__gt', 0), ('status__in', ['open', 'partially_filled']), ('quantity', django.db.models.expressions.CombinedExpression(models.F('filled_quantity'), '+', models.F('remaining')))), models.Q(models.Q(('status__in', ['open', 'partially_filled']), _negated=True), ('filled_quantity__lte', models.F('quantity')), ('remaining', 0)), _connector='OR'), name='trading_order_remaining'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'filled'), _negated=True), ('filled_quantity', models.F('quantity')), _connector='OR'), name='trading_order_filled'),
        ),
    ]
