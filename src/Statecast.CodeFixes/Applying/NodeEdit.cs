using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Editing;
using Microsoft.CodeAnalysis.Simplification;

namespace Statecast.CodeFixes.Applying;

/// <summary>
/// One change of one node, as a function of the node as it is by then: several of them combine, one inside another or two on the same node, so that all
/// of a solution can be mended at once.
/// </summary>
/// <param name="document">Where the node is.</param>
/// <param name="node">The node before any change.</param>
/// <param name="change">Gives the new node; must leave alone what is as it should be already.</param>
internal sealed class NodeEdit(Document document, SyntaxNode node, Func<SyntaxNode, SyntaxGenerator, SyntaxNode> change)
{
    private readonly Document _document = document;
    private readonly SyntaxNode _node = node;
    private readonly Func<SyntaxNode, SyntaxGenerator, SyntaxNode> _change = change;

    /// <summary>Applies edits of one solution to it.</summary>
    public static async Task<Solution> ApplyAsync(Solution solution, IEnumerable<NodeEdit> edits, CancellationToken ct)
    {
        var changed = solution;
        foreach (var inDocument in edits.GroupBy(e => e._document.Id))
        {
            var editor = await DocumentEditor.CreateAsync(inDocument.First()._document, ct).ConfigureAwait(false);
            foreach (var edit in inDocument)
                editor.ReplaceNode(edit._node, edit._change);
            var root = editor.GetChangedRoot();
            changed = changed.WithDocumentSyntaxRoot(inDocument.Key, root);
            if (!NeedsImports(root, editor.SemanticModel, inDocument.Select(e => e._node.SpanStart).Max()))
                continue;
            var imported = await ImportAdder
                .AddImportsAsync(changed.GetDocument(inDocument.Key)!, Simplifier.AddImportsAnnotation, cancellationToken: ct)
                .ConfigureAwait(false);
            changed = imported.Project.Solution;
        }
        return changed;
    }

    // Names are written in full where they are made, with this mark, to be shortened. Usings are added only if one lacks: the adder would else leave
    // an empty line at the beginning.
    private static bool NeedsImports(SyntaxNode root, SemanticModel model, int position)
    {
        var there = model
            .GetImportScopes(position)
            .SelectMany(s => s.Imports)
            .Select(i => i.NamespaceOrType.ToDisplayString())
            .Concat(Enclosing(model.GetEnclosingSymbol(position)))
            .ToImmutableHashSet(StringComparer.Ordinal);
        return root.GetAnnotatedNodes(Simplifier.AddImportsAnnotation)
            .SelectMany(n => n.DescendantNodesAndSelf())
            .OfType<QualifiedNameSyntax>()
            // A type's whole name, not a namespace that is a part of it.
            .Where(q => q.Parent is not QualifiedNameSyntax)
            .Select(q => q.Left.ToString())
            .Any(ns => !there.Contains(ns) && IsNamespace(model.Compilation, ns));
    }

    private static IEnumerable<string> Enclosing(ISymbol? symbol)
    {
        for (; symbol is not null; symbol = symbol.ContainingSymbol)
            if (symbol is INamespaceSymbol)
                yield return symbol.ToDisplayString();
    }

    private static bool IsNamespace(Compilation compilation, string name)
    {
        var ns = compilation.GlobalNamespace;
        foreach (var part in name.Split('.'))
            if (ns is not null)
                ns = ns.GetNamespaceMembers().FirstOrDefault(n => n.Name == part);
        return ns is not null;
    }
}
