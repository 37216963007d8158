using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Statecast.Generators.Tests.Documentation;

/// <summary>
/// A service around the snippets of one page: what they name and do not declare. What one declares is there for those after it, in place of the world's own.
/// </summary>
internal sealed class SnippetWorld
{
    private const string Usings = """
        global using System;
        global using System.Collections.Generic;
        global using System.Collections.Immutable;
        global using System.Data.Common;
        global using System.Linq;
        global using System.Threading;
        global using System.Threading.Tasks;
        global using Dapper;
        global using Mediator;
        global using Microsoft.Data.Sqlite;
        global using Microsoft.EntityFrameworkCore;
        global using Microsoft.Extensions.DependencyInjection;
        global using Microsoft.Extensions.Hosting;
        global using Statecast.Consuming;
        global using Statecast.Contracts;
        global using Statecast.Contracts.Locks;
        global using Statecast.EntityFrameworkCore;
        global using Statecast.EntityFrameworkCore.Publishing;
        global using Statecast.Events;
        global using Statecast.Hosting;
        global using Statecast.Kafka;
        global using Statecast.Kafka.Transport;
        global using Statecast.Publishing.Explicit;
        global using Statecast.RabbitMQ;
        global using Statecast.Replicas;
        global using Statecast.Sqlite;
        global using Statecast.Transport.InProcess;
        """;

    private const string Types = """
        [StateContract("shop.order")]
        public sealed partial record OrderState([StateKey] Guid OrderId, string Status);

        [StateContract("shop.order", Version = 2)]
        public sealed partial record OrderStateV2([StateKey] Guid OrderId, string Status)
        {
            public static OrderStateV2 Upcast(OrderState old) => new(old.OrderId, old.Status);
        }

        public sealed record Money([Decimal(12, 2)] decimal Amount, string Currency);

        public class Order
        {
            public Guid Id { get; set; }
            public OrderState ToState() => throw null!;
            public OrderStateV2 ToStateV2() => throw null!;
        }

        public class Page
        {
            public int Id { get; set; }
            public dynamic ToState() => throw null!;
        }

        public class OrdersDb(DbContextOptions options) : DbContext(options);

        public class ShopDb(DbContextOptions options) : DbContext(options);

        public class OrderRows : IStateRows<Guid, OrderState>
        {
            public ValueTask<IReadOnlyList<OrderState>> FindAsync(DbTransaction transaction, IReadOnlyList<Guid> keys, CancellationToken ct) => throw null!;
            public ValueTask<IReadOnlyList<Guid>> NextKeysAsync(DbTransaction transaction, KeyPage<Guid> page, CancellationToken ct) => throw null!;
        }

        public class RefreshCache : Handles<OrderState>;

        public class SendMail : Handles<OrderState>;

        public class PrepareShipmentV2 : Handles<OrderStateV2>;

        public class Handles<T> : IStateHandler<T>
            where T : class
        {
            public Task HandleAsync(StateChange<T> change, CancellationToken ct) => throw null!;
        }
        """;

    // Statements stand in a method of such a class.
    private const string Values = """
        static HostApplicationBuilder builder = null!;
        static StatecastBuilder s = null!;
        static EfSourceBuilder<OrdersDb> db = null!;
        static SqliteConnection connection = null!;
        static IStatePublisher publisher = null!;
        static IStatePublisher states = null!;
        static OrderState order = null!;
        static CancellationToken ct = default;
        static string secret = "";
        static string[] args = [];
        """;

    private readonly List<MemberDeclarationSyntax> _declared = [];
    private string _statements = "";
    private string _usings = "";

    public IEnumerable<string> Sources
    {
        get
        {
            var names = _declared.Select(NameOf).ToHashSet();
            var ours = Members(Types).Where(t => !names.Contains(NameOf(t)));
            yield return Usings;
            yield return $"{_usings}\n{string.Join('\n', _declared.Concat(ours).Select(d => d.ToFullString()))}";
            yield return $"static class Snippet\n{{\n{Values}\nstatic async Task RunAsync()\n{{\n{_statements}\nawait Task.Yield();\n}}\n}}";
        }
    }

    /// <summary>Takes a snippet: its types among those declared, its statements in place of the last one's.</summary>
    public IEnumerable<string> With(string snippet)
    {
        // Of a longer call only the middle is shown.
        var text = snippet.TrimEnd();
        if (text.StartsWith('.'))
            text = "s" + text;
        if (text[^1] is ')')
            text += ";";
        var root = (CompilationUnitSyntax)CSharpSyntaxTree.ParseText(text, Compiled.Parsing).GetRoot();
        _usings = root.Usings.ToFullString();
        _statements = string.Concat(root.Members.Where(m => m is not BaseTypeDeclarationSyntax).Select(m => m.ToFullString()));
        foreach (var type in root.Members.OfType<BaseTypeDeclarationSyntax>())
        {
            _declared.RemoveAll(d => NameOf(d) == NameOf(type));
            _declared.Add(type);
        }
        return Sources;
    }

    private static IEnumerable<MemberDeclarationSyntax> Members(string source) =>
        ((CompilationUnitSyntax)CSharpSyntaxTree.ParseText(source, Compiled.Parsing).GetRoot()).Members;

    private static string NameOf(MemberDeclarationSyntax type) => ((BaseTypeDeclarationSyntax)type).Identifier.Text;
}
