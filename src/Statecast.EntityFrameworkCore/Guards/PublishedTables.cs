using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Statecast.EntityFrameworkCore.Capture;
using Statecast.EntityFrameworkCore.Shape;

namespace Statecast.EntityFrameworkCore.Guards;

/// <summary>How the guards find what a context publishes.</summary>
internal static class PublishedTables
{
    public static AggregateShape? ShapeOf(DbContext? context) =>
        context?.GetService<IDbContextOptions>().FindExtension<StatecastOptionsExtension>()?.Capture.ShapeOf(context.Model);
}
