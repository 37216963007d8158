using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Statecast.Hosting;
using Statecast.Transport.InProcess;
using Store;

StoreOptions options;
try
{
    if (args is ["--help" or "-h"])
    {
        Console.WriteLine(StoreOptions.Usage);
        return 0;
    }
    options = StoreOptions.Parse(args);
}
catch (ArgumentException e)
{
    Console.Error.WriteLine($"{e.Message}\n\n{StoreOptions.Usage}");
    return 2;
}

var builder = Host.CreateEmptyApplicationBuilder(null);
builder.Logging.AddFilter("Statecast", LogLevel.Warning);
builder.Services.AddSingleton<Stockroom>().AddSingleton<ShopWindow>().AddSingleton<Supplier>();
builder.Services.AddStatecast(
    "store",
    s =>
        s.UseInProcess()
            .Publish<StockState>()
            .Replica<StockState>(r => r.InMemory().On<RefreshWindow>().On<ReorderGoods>())
            .Configure(o => o.Handlers.FirstRetry = TimeSpan.FromMilliseconds(50))
);
using var host = builder.Build();
await host.StartAsync();
using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
var verdict = await new StoreRun(host, options).PlayAsync(patience.Token);
await host.StopAsync();
verdict.Write(Console.Out);
return verdict.IsRight ? 0 : 1;
