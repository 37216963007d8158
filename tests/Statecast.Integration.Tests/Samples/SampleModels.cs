using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Shop.Orders;

namespace Statecast.Integration.Tests.Samples;

/// <summary>
/// The samples' own contexts take their service provider of EF Core's first. EF Core refuses a new kind of context once a process has twenty, which the
/// many worlds of these tests are, in any order; they ignore that by a setting that has no business in a sample.
/// </summary>
internal static class SampleModels
{
    [ModuleInitializer]
    internal static void Reserve()
    {
        using var orders = new OrdersDb(new DbContextOptionsBuilder<OrdersDb>().UseSqlite("Data Source=:memory:").Options);
        _ = orders.Model;
    }
}
