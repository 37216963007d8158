using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Statecast.Benchmarks.Orders;
using Statecast.Hosting;
using Statecast.Publishing.Explicit;
using Statecast.Transport.InProcess;

namespace Statecast.Benchmarks.Dispatch;

/// <summary>A component without a database and one handler, started: publishes one order's states.</summary>
internal sealed class InProcessShop : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly IStatePublisher _states;
    private OrderState _order;

    private InProcessShop(IHost host, OrderState order)
    {
        (_host, _order) = (host, order);
        _states = host.Services.GetRequiredService<IStatePublisher>();
    }

    public static async Task<InProcessShop> StartAsync(InProcessMode mode, OrderState order)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Services.AddStatecast(
            "shop",
            s => s.UseInProcess(o => o.Mode = mode).Publish<OrderState>().Replica<OrderState>(r => r.InMemory().On<First>())
        );
        var shop = new InProcessShop(builder.Build(), order);
        await shop._host.StartAsync();
        await shop.PublishAsync();
        return shop;
    }

    /// <summary>Publishes another state of the order.</summary>
    public async Task PublishAsync()
    {
        _order = _order with { Status = _order.Status == OrderStatus.Placed ? OrderStatus.Paid : OrderStatus.Placed };
        await _states.PublishAsync(_order);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
