using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Statecast.EntityFrameworkCore.Guards;

namespace Statecast.EntityFrameworkCore.Capture;

/// <summary>Puts capture into a context's options: its IDatabase, its scoped session and its guards.</summary>
internal sealed class StatecastOptionsExtension : IDbContextOptionsExtension
{
    public StatecastOptionsExtension(EfCapture capture)
    {
        Capture = capture;
        Info = new ExtensionInfo(this);
    }

    public EfCapture Capture { get; }

    public DbContextOptionsExtensionInfo Info { get; }

    public void ApplyServices(IServiceCollection services)
    {
        services.AddScoped<CaptureSession>();
        services.AddScoped<IResettableService>(p => p.GetRequiredService<CaptureSession>());
        services.AddSingleton<IInterceptor, QueryGuard>();
        // The provider adds its own only if there is none yet, so this holds before and after UseSqlite and its like.
        services.RemoveAll<IDatabase>();
        services.AddScoped<IDatabase, CapturingDatabase>();
        services.AddScoped<HoistedLambdas>();
#pragma warning disable EF9100 // See HoistedLambdas.
        services.RemoveAll<ILiftableConstantProcessor>();
        services.AddScoped<ILiftableConstantProcessor>(p => p.GetRequiredService<HoistedLambdas>());
#pragma warning restore EF9100
        services.RemoveAll<IDatabaseFacadeDependencies>();
        services.AddScoped<IDatabaseFacadeDependencies, GuardedFacadeDependencies>();
    }

    public void Validate(IDbContextOptions options) { }

    private sealed class ExtensionInfo(StatecastOptionsExtension extension) : DbContextOptionsExtensionInfo(extension)
    {
        private string Signature { get; } = extension.Capture.Signature;

        public override bool IsDatabaseProvider => false;

        public override string LogFragment => "using Statecast ";

        public override int GetServiceProviderHashCode() => Signature.GetHashCode(StringComparison.Ordinal);

        public override bool ShouldUseSameServiceProvider(DbContextOptionsExtensionInfo other) =>
            other is ExtensionInfo info && info.Signature == Signature;

        public override void PopulateDebugInfo(IDictionary<string, string> debugInfo) => debugInfo["Statecast:Publications"] = Signature;
    }
}
